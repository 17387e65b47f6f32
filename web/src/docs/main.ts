/** The API to read and to try out: Swagger UI over the description that this very ingress serves. */
import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js';
import licence from 'swagger-ui-dist/LICENSE?url';
import notice from 'swagger-ui-dist/NOTICE?url';
import parts from 'swagger-ui-dist/swagger-ui-es-bundle.js.LICENSE.txt?url';
import 'swagger-ui-dist/swagger-ui.css';
import './docs.css';

/** Swagger UI has dark colours, but leaves it to the page around it when to use them. */
const dark = matchMedia('(prefers-color-scheme: dark)');
const paint = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', paint);
paint();

SwaggerUI({
  dom_id: '#api',
  url: '/openapi.json',
  deepLinking: true,
  displayRequestDuration: true,
  // Each operation shows its schemas; the list of all of them stays folded.
  defaultModelsExpandDepth: 0,
  // Otherwise the description is sent to a service on the internet to be judged.
  validatorUrl: null,
});

// The build drops comments, and with them the licences that must go with the code.
for (const [id, file] of Object.entries({ licence, notice, parts })) {
  document.getElementById(id)?.setAttribute('href', file);
}
