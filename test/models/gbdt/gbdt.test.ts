import { gbdt } from "../../../models/gbdt/gbdt.ts";
import { learnerKeepsItsPromises } from "../../contract/learner.ts";

learnerKeepsItsPromises(gbdt, { params: { ...gbdt.defaults, rounds: 40 } });
