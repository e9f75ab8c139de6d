/** Makes docs/metrics.md of the metrics that the services have. */
import { metricsPage } from '../packages/shared/src/telemetry/metric-catalogue.ts';
import { metricCatalogues } from '../test/support/silent-metrics.ts';

export const METRICS_PAGE = metricsPage(metricCatalogues());
