import { createMemoryKeptScores } from "../../../src/stores/memory/kept-scores.ts";
import { keptScoresKeepTheirPromises } from "../../contract/kept-scores.ts";

keptScoresKeepTheirPromises(createMemoryKeptScores);
