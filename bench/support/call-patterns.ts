import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import axios, { type AxiosInstance } from 'axios';
import { ACCOUNTS, COLLECTIONS, DATASET_GROUP, datasetPid } from './names.js';

/** Where a bare client calls, and as whom. */
export interface BareAccess {
  readonly scicatUrl: string;
  readonly globusUrl: string;
  readonly userToken: string;
  readonly serviceToken: string;
  readonly globusToken: string;
}

/** One of the datasets, and what of it is to be moved. */
export interface BareTransfer {
  readonly series: string;
  readonly number: number;
  /** How many files to list; undefined for the whole folder. */
  readonly files: number | undefined;
}

/**
 * What a request costs at least, and what it cost before.
 *
 * - `floor`: the longest chain of calls that can't be avoided: identity and dataset, then the job
 *   (the intent must be kept before Globus is asked), then Globus.
 * - `waiting floor`: the same without Globus, for a transfer that has to wait.
 * - `same calls`: all calls that the proxy makes for a request, including background calls.
 * - `go version`: the six calls of the Go version, one after the other.
 */
export type CallPattern = 'floor' | 'waiting floor' | 'same calls' | 'go version';

/** Calls SciCat and Globus by the same library as the proxy, and does nothing else. */
export class BareClient {
  private readonly agent = new Agent({ keepAlive: true });
  private readonly scicat: AxiosInstance;
  private readonly globus: AxiosInstance;

  constructor(private readonly access: BareAccess) {
    this.scicat = axios.create({ baseURL: access.scicatUrl, httpAgent: this.agent, proxy: false });
    this.globus = axios.create({
      baseURL: `${access.globusUrl}/v0.10`,
      httpAgent: this.agent,
      proxy: false,
      headers: { Authorization: `Bearer ${access.globusToken}` },
    });
  }

  async request(pattern: CallPattern, transfer: BareTransfer): Promise<void> {
    switch (pattern) {
      case 'floor':
        await Promise.all([this.identity(), this.dataset(transfer)]);
        await this.createJob(transfer);
        await this.submit(transfer, randomUUID());
        return;
      case 'waiting floor':
        await Promise.all([this.identity(), this.dataset(transfer)]);
        await this.createJob(transfer);
        return;
      case 'same calls': {
        await Promise.all([this.identity(), this.dataset(transfer)]);
        const jobId = await this.createJob(transfer);
        await this.submit(transfer, randomUUID());
        await Promise.all([this.writeJob(jobId), this.submissionId()]);
        return;
      }
      case 'go version': {
        await this.identity();
        await this.dataset(transfer);
        await this.submit(transfer, await this.submissionId());
        await this.writeJob(await this.createJob(transfer));
        return;
      }
    }
  }

  /** @returns the task's status */
  async task(taskId: string): Promise<string> {
    const { data } = await this.globus.get<{ readonly status: string }>(`/task/${taskId}`);
    return data.status;
  }

  async writeJob(jobId: string, statusCode = '002'): Promise<void> {
    await this.scicat.patch(
      `/api/v4/jobs/${jobId}`,
      {
        statusCode,
        statusMessage: 'transferring',
        jobResultObject: {
          globusTaskId: randomUUID(),
          bytesTransferred: 0,
          filesTransferred: 0,
          filesTotal: 30,
          status: 'transferring',
          error: '',
        },
      },
      bearer(this.access.serviceToken),
    );
  }

  private async identity(): Promise<void> {
    await this.scicat.get('/api/v3/users/my/identity', bearer(this.access.userToken));
  }

  private async dataset({ series, number }: BareTransfer): Promise<void> {
    const pid = encodeURIComponent(datasetPid(series, number));
    await this.scicat.get(`/api/v3/datasets/${pid}`, bearer(this.access.userToken));
  }

  private async createJob({ series, number }: BareTransfer): Promise<string> {
    const { username } = ACCOUNTS.scientist;
    const { data } = await this.scicat.post<{ readonly id: string }>(
      '/api/v4/jobs',
      {
        type: 'globus_transfer_job',
        ownerUser: username,
        ownerGroup: DATASET_GROUP,
        contactEmail: `${username}@scicat.example`,
        jobParams: {
          datasetList: [{ pid: datasetPid(series, number), files: [] }],
          globusTransfer: { key: randomUUID(), sealed: SEALED },
        },
      },
      bearer(this.access.serviceToken),
    );
    return data.id;
  }

  private async submissionId(): Promise<string> {
    const { data } = await this.globus.get<{ readonly value: string }>('/submission_id');
    return data.value;
  }

  private async submit(
    { series, number, files }: BareTransfer,
    submissionId: string,
  ): Promise<void> {
    const source = `/${series}/${number}`;
    const destination = `/archive/bare-${series}-${number}`;
    await this.globus.post('/transfer', {
      DATA_TYPE: 'transfer',
      submission_id: submissionId,
      label: `bare ${randomUUID()}`,
      source_endpoint: COLLECTIONS.source,
      destination_endpoint: COLLECTIONS.archive,
      verify_checksum: true,
      DATA:
        files === undefined
          ? [
              {
                DATA_TYPE: 'transfer_item',
                source_path: source,
                destination_path: destination,
                recursive: true,
              },
            ]
          : Array.from({ length: files }, (_, file) => ({
              DATA_TYPE: 'transfer_item',
              source_path: `${source}/${file}`,
              destination_path: `${destination}/${file}`,
            })),
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

/** About as long as the record that the proxy keeps in a job. */
const SEALED = 'x'.repeat(1100);

function bearer(token: string): { readonly headers: { readonly Authorization: string } } {
  return { headers: { Authorization: `Bearer ${token}` } };
}
