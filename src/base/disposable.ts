/** Something that holds a resource until it is told to let go. `dispose` is idempotent. */
export interface Disposable {
  dispose(): void;
}

/**
 * Owns disposables: lets go of them in reverse order, once. What is added after the store was
 * disposed is disposed at once, so a late callback cannot leak a timer or a child process.
 */
export class DisposableStore implements Disposable {
  #items: Disposable[] = [];
  #disposed = false;

  add<T extends Disposable>(item: T): T {
    if (this.#disposed) item.dispose();
    else this.#items.push(item);
    return item;
  }

  get isDisposed(): boolean {
    return this.#disposed;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const errors: unknown[] = [];
    for (const item of this.#items.reverse()) {
      try {
        item.dispose();
      } catch (error) {
        errors.push(error);
      }
    }
    this.#items = [];
    if (errors.length > 0)
      throw new AggregateError(errors, "Some resources could not be released.");
  }
}
