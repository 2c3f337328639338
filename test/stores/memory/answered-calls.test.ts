import { createMemoryAnsweredCalls } from "../../../src/stores/memory/answered-calls.ts";
import { answeredCallsKeepTheirPromises } from "../../contract/answered-calls.ts";

answeredCallsKeepTheirPromises(createMemoryAnsweredCalls);
