import { HttpClient, type HttpAnswer } from './http-client.js';
import { load, type LoadResult } from './load.js';
import { datasetPid } from './names.js';

/** Calls the proxy as a scientist's program does. */
export class ProxyClient {
  private readonly http = new HttpClient();

  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /**
   * `POST /transfer`
   *
   * @param body the JSON text; undefined for the whole folder
   * @returns the answer, and the job's id
   * @throws Error for anything but 200
   */
  async post(
    series: string,
    number: number,
    body?: Buffer,
  ): Promise<HttpAnswer & { readonly jobId: string }> {
    const query = new URLSearchParams({
      sourceFacility: 'SOURCE',
      destFacility: 'ARCHIVE',
      scicatPid: datasetPid(series, number),
    });
    const answer = await this.send('POST', `/transfer?${query.toString()}`, body);
    const { jobId } = JSON.parse(answer.text) as { readonly jobId: string };
    return { ...answer, jobId };
  }

  /** `GET /transfer/{id}`. @throws Error for anything but 200 */
  get(jobId: string): Promise<HttpAnswer> {
    return this.send('GET', `/transfer/${jobId}`);
  }

  /** Requests transfers of one dataset after the other, each of its own. */
  load(
    series: string,
    from: number,
    count: number,
    concurrency: number,
    body?: Buffer,
  ): Promise<LoadResult> {
    return load(count, concurrency, (number) => this.post(series, from + number, body));
  }

  close(): void {
    this.http.close();
  }

  private async send(method: string, path: string, body?: Buffer): Promise<HttpAnswer> {
    const answer = await this.http.send(
      method,
      this.url + path,
      { 'SciCat-API-Key': this.token },
      body,
    );
    if (answer.status !== 200) {
      throw new Error(`${method} ${path} was answered with ${answer.status}: ${answer.text}`);
    }
    return answer;
  }
}
