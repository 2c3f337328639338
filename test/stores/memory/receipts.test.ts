import { createMemoryReceipts } from "../../../src/stores/memory/receipts.ts";
import { receiptStoreKeepsItsPromises } from "../../contract/receipt-store.ts";

receiptStoreKeepsItsPromises("memory", (keepMs) => createMemoryReceipts({ keepMs }));
