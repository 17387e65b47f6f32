declare module 'swagger-ui-dist/swagger-ui-es-bundle.js' {
  /** What of Swagger UI's configuration is used here. */
  interface Settings {
    dom_id: string;
    url: string;
    deepLinking: boolean;
    displayRequestDuration: boolean;
    defaultModelsExpandDepth: number;
    validatorUrl: string | null;
  }
  export default function SwaggerUI(settings: Settings): unknown;
}
