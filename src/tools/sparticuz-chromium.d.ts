// What is used of @sparticuz/chromium, which a user may install and which is therefore not here to be asked.
declare module '@sparticuz/chromium' {
  const chromium: {
    /** Unpacks the browser on first use; where it is. */
    executablePath(): Promise<string>;
  };
  export default chromium;
}
