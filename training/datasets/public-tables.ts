/** An openly licensed table, and where its publisher has it. */
export interface PublicTable {
  readonly name: string;
  readonly about: string;
  readonly licence: string;
  readonly url: string;
  /** The member to take, when the publisher gives a zip archive. */
  readonly member?: string;
  /** Of the table itself, unpacked. */
  readonly sha256: string;
  /** What it is called here: `<datasets>/<name>/<file>.gz`. */
  readonly file: string;
  /** What to predict, and how to read it. */
  readonly label: string;
  readonly drop?: readonly string[];
  readonly columns?: readonly string[];
}

/** The options of `portrait train` for a table. */
export const trainOptions = ({ label, drop, columns }: Pick<PublicTable, "label" | "drop" | "columns">): string =>
  [`--label ${label}`, drop && `--drop ${drop.join(",")}`, columns && `--columns ${columns.join(",")}`]
    .filter((option) => option !== undefined)
    .join(" ");

const UCI = "https://archive.ics.uci.edu/ml/machine-learning-databases";

export const PUBLIC_TABLES: readonly PublicTable[] = [
  {
    name: "online-shoppers-intention",
    about: "visits to a shop: will they buy? 12,330 rows (Sakar & Kastro 2018)",
    licence: "CC BY 4.0",
    url: `${UCI}/00468/online_shoppers_intention.csv`,
    sha256: "b3055ee355f59134d851d32641183cb4a8b45def7124d2f50442a042f358e0d9",
    file: "online_shoppers_intention.csv",
    label: "Revenue",
  },
  {
    name: "telco-churn",
    about: "telephone customers: will they leave? 7,043 rows (IBM sample)",
    licence: "Apache-2.0",
    url: "https://raw.githubusercontent.com/IBM/telco-customer-churn-on-icp4d/master/data/Telco-Customer-Churn.csv",
    sha256: "16320c9c1ec72448db59aa0a26a0b95401046bef5d02fd3aeb906448e3055e91",
    file: "Telco-Customer-Churn.csv",
    label: "Churn",
  },
  {
    name: "bank-marketing",
    about: "calls of a bank: will they subscribe? 41,188 rows (Moro, Cortez & Rita 2014)",
    licence: "CC BY 4.0",
    url: `${UCI}/00222/bank-additional.zip`,
    member: "bank-additional/bank-additional-full.csv",
    sha256: "74adfc578bf77a7ff4bb1ba4a9f8709d9e3c6907342959c2c8416847e0afb4d8",
    file: "bank-additional-full.csv",
    label: "y",
    // how long the call took is known only when it is over, and nearly tells its end
    drop: ["duration"],
  },
  {
    name: "german-credit",
    about: "applicants for a credit: good or bad? 1,000 rows (Hofmann 1994)",
    licence: "CC BY 4.0",
    url: `${UCI}/statlog/german/german.data`,
    sha256: "b21f3d81db8071257d5ff1deaeba1fd4303b62712e6fcc9715c7a86202cb5871",
    file: "german.data",
    label: "class",
    columns: [
      ...["status", "duration", "credit_history", "purpose", "amount", "savings", "employment_since"],
      ...["installment_rate", "personal_status_sex", "other_debtors", "residence_since", "property", "age"],
      ...["other_installment_plans", "housing", "existing_credits", "job", "people_liable", "telephone"],
      ...["foreign_worker", "class"],
    ],
  },
];
