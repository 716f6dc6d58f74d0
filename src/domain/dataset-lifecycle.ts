/** The part of a dataset's lifecycle that marking it as archivable depends on. */
export interface LifecycleFound {
  readonly archivable: boolean;
  readonly archiveStatusMessage: string;
  readonly retrievable: boolean;
}
