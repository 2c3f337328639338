import { createMemoryArtifacts } from "../../../src/stores/memory/artifacts.ts";
import { artifactStoreKeepsItsPromises } from "../../contract/artifact-store.ts";

artifactStoreKeepsItsPromises("memory", (now) => createMemoryArtifacts({ now }));
