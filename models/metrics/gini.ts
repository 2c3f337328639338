import type { Numbers } from "../model.ts";
import { auc } from "./auc.ts";

/** The Gini coefficient of credit scoring (Somers' D): 2 · AUC − 1. */
export const gini = (score: Numbers, label: Uint8Array): number => 2 * auc(score, label) - 1;
