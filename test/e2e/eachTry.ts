/**
 * Hooks of the describe around the call: `set` before its first test, and anew after a try that did not
 * pass, so that a second try, or the next test, does not begin with what it has left; `end` of each.
 */
export function eachTry(
  set: (context: Mocha.Context) => Promise<void>,
  end: () => Promise<void>,
): void {
  let isSpent = false;

  before(async function () {
    await set(this);
  });
  beforeEach(async function () {
    if (!isSpent) return;
    isSpent = false;
    await end();
    await set(this);
  });
  afterEach(function () {
    isSpent = this.currentTest?.state !== "passed";
  });
  after(end);
}
