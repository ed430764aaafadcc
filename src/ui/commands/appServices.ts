import type { LedgerUpkeep } from "../../session/ledgerPort.ts";
import type { BudgetWatch } from "../../session/meter/budgetWatch.ts";
import type { Spending } from "../../session/meter/spending.ts";
import type { Calls } from "../calls/calls.ts";
import type { ModalAccess } from "../modalAccess.ts";
import type { ResultsView } from "../resultsView.ts";
import type { Services } from "../services.ts";

/** All that a window is made of, for the commands: each names the few that it uses. */
export interface AppServices extends Services {
  readonly budgets: BudgetWatch;
  readonly spending: Spending;
  readonly calls: Calls;
  readonly upkeep: LedgerUpkeep;
  readonly results: ResultsView;
  readonly access: ModalAccess;
}
