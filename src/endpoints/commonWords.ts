/**
 * Words that errors of apps, of Modal, of CUDA, of HTTP and our own sentences are made of. One that stands
 * alone in a prompt or in a workflow is no secret: without it nobody could read what went wrong.
 */
const commonWords: ReadonlySet<string> = new Set(
  // not shown: words that are looked for
  `a about accepted after again all allocate allocated already an and any app application are argument
  array as asked at attribute audio auth authorization available bad be been before between bits body bool
  boolean broken but by bytes call called can cancelled cannot cell channel char check choose class client
  closed code command connect connection container content could count cpu cuda data dead default denied
  deploy deployed detail device dict did disabled disk does done driver dtype duration empty end endpoint
  environment error errors exceeded exception exists exit expected expired failed failure false fields field
  file files float folder for format found fps frame frames free from full function gateway get gib got gpu
  had handler has have header height host html http https id if image images import in index input inputs
  instance int integer internal into invalid is it item its jpeg jpg json key keys kill killed large length
  less limit limits line list load loaded loading log long lost many max maximum media memory message method
  mib min minimum missing model models module mpeg must name needs negative network new no node none not null
  number object of off on only oom open or out output over page parse path payload per permission picture
  plain please png port positive post process prompt property proxy python quota ran range rate read
  reached ready refused rejected request requested required reserved reset resource response result
  results retry returned run running runtime safe sampler save see seed seen server service set shape
  signal size small space started state status step steps stopped str stream string success supported
  syntax system task tensor text than that the then there they this time timed timeout to token too torch
  total traceback tried true try type unable unauthorized unavailable unexpected unit unknown
  unsupported url use used user valid value values video vram wait was wav web webp weights were when
  which width with without work worker workflow write wrong you your zero`
    .trim()
    .split(/\s+/),
);

/** Whether a text in lower case is made of such words alone. */
export function areCommonWords(text: string): boolean {
  const words = text.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
  return words.length > 0 && words.every((word) => commonWords.has(word));
}
