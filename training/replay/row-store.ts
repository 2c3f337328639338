import type { Column, Dataset } from "../../models/model.ts";
import type { Property } from "../../src/events/event.ts";
import type { Reducer, Row } from "../../src/features/feature.ts";
import { createRowEncoder, FIELD_PREFIX } from "../../src/scoring/encode-row.ts";
import { type ColumnPlan, commonest, toColumns } from "./columns.ts";

const ROWS_A_BLOCK = 4_096;
const MISSING = -1;

/** Rows as they were read, before the levels of the categories are known. */
interface Block {
  readonly numbers: Float64Array;
  readonly texts: Int32Array;
  readonly fields: (Property | undefined)[];
}

/**
 * Keeps rows until the last one is in, then turns them into a Dataset through the encoder that serving uses.
 *
 * Memory: 8 bytes a number and 4 a text, in blocks that are given up one by one while the Dataset fills;
 * each distinct text is kept once.
 */
export function createRowStore(plan: ColumnPlan, reducer: Pick<Reducer, "features">, eventName: string) {
  const faces = reducer.features;
  const chosen = new Set(plan.features.map((feature) => feature.name));
  const numberLanes = lanesOf("number");
  const textLanes = lanesOf("category");
  const fieldNames = plan.fields.map((field) => field.property);

  const blocks: Block[] = [];
  const words = textLanes.map(() => new Map<string, number>());
  const wordCounts = textLanes.map(() => [] as number[]);
  const fieldCounts = plan.fields.map(() => new Map<string, number>());
  const labels = growing(Uint8Array);
  const times = growing(Float64Array);
  let rows = 0;

  /** Which places of a reading's lane are kept: [place in the lane, name]. */
  function lanesOf(type: "number" | "category") {
    return faces
      .filter((face) => face.type === type)
      .flatMap((face, lane) => (chosen.has(face.name) ? [{ lane, name: face.name }] : []));
  }

  return {
    add(row: Row, properties: Readonly<Record<string, Property>> | undefined, label: boolean, moment: number): void {
      const at = rows % ROWS_A_BLOCK;
      if (at === 0)
        blocks.push({
          numbers: new Float64Array(ROWS_A_BLOCK * numberLanes.length),
          texts: new Int32Array(ROWS_A_BLOCK * textLanes.length),
          fields: [],
        });
      const block = blocks[blocks.length - 1];
      for (let j = 0; j < numberLanes.length; j++)
        block.numbers[at * numberLanes.length + j] = row.numbers[numberLanes[j].lane];
      for (let j = 0; j < textLanes.length; j++) {
        const text = row.texts[textLanes[j].lane];
        let word = MISSING;
        if (text !== undefined) {
          word = words[j].get(text) ?? words[j].size;
          if (word === words[j].size) words[j].set(text, word);
          wordCounts[j][word] = (wordCounts[j][word] ?? 0) + 1;
        }
        block.texts[at * textLanes.length + j] = word;
      }
      for (let j = 0; j < fieldNames.length; j++) {
        const value = properties && Object.hasOwn(properties, fieldNames[j]) ? properties[fieldNames[j]] : undefined;
        block.fields.push(value);
        if (typeof value === "string") fieldCounts[j].set(value, (fieldCounts[j].get(value) ?? 0) + 1);
      }
      labels.push(Number(label));
      times.push(moment);
      rows++;
    },

    get rows() {
      return rows;
    },

    /** The Dataset, and an end to this store. */
    finish(): Dataset {
      const levels = new Map<string, readonly string[]>();
      const texts = words.map((word) => [...word.keys()]);
      textLanes.forEach(({ name }, j) => {
        levels.set(name, commonest(new Map(texts[j].map((text, word) => [text, wordCounts[j][word]]))));
      });
      fieldNames.forEach((property, j) => {
        levels.set(`${FIELD_PREFIX}${property}`, commonest(fieldCounts[j]));
      });
      const columns: Column[] = toColumns(plan, eventName, levels);
      const encode = createRowEncoder(columns, faces);
      const values = columns.map(() => new Float64Array(rows));

      const reading: Row = {
        numbers: new Float64Array(faces.filter((face) => face.type === "number").length).fill(Number.NaN),
        texts: Array.from({ length: faces.filter((face) => face.type === "category").length }, () => undefined),
      };
      const fields: Record<string, Property | undefined> = {};
      for (let i = 0; i < rows; i++) {
        const at = i % ROWS_A_BLOCK;
        const block = blocks[Math.floor(i / ROWS_A_BLOCK)];
        numberLanes.forEach(({ lane }, j) => {
          reading.numbers[lane] = block.numbers[at * numberLanes.length + j];
        });
        textLanes.forEach(({ lane }, j) => {
          reading.texts[lane] = texts[j][block.texts[at * textLanes.length + j]];
        });
        fieldNames.forEach((property, j) => {
          fields[property] = block.fields[at * fieldNames.length + j];
        });
        const encoded = encode(reading, fields);
        for (let j = 0; j < values.length; j++) values[j][i] = encoded[j];
        if (at === ROWS_A_BLOCK - 1) delete blocks[Math.floor(i / ROWS_A_BLOCK)];
      }
      return { columns, rows, values, label: labels.whole(), time: times.whole() };
    },
  };
}

/** A typed array that doubles. */
function growing<A extends Uint8Array | Float64Array>(Kind: new (length: number) => A) {
  let array = new Kind(1_024);
  let length = 0;
  return {
    push(value: number) {
      if (length === array.length) {
        const wider = new Kind(array.length * 2);
        wider.set(array);
        array = wider;
      }
      array[length++] = value;
    },
    whole: () => array.slice(0, length) as A,
  };
}
