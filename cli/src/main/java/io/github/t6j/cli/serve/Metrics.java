package io.github.t6j.cli.serve;

import io.github.t6j.Drafts;
import io.github.t6j.schedule.SchedulerMetrics;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;

/** GET /metrics, in Prometheus' text format. */
final class Metrics {
    private final Map<Integer, LongAdder> answers = new ConcurrentSkipListMap<>(); // by status
    final Pace pace = new Pace(); // of generations and requests for embeddings
    final Histogram firstToken = new Histogram();
    final Histogram betweenTokens = new Histogram();
    final Histogram requests = new Histogram();
    private final Histogram embeddings = new Histogram();
    private final LongAdder embeddedTokens = new LongAdder();
    private final LongAdder acceptedDrafts = new LongAdder();
    private final LongAdder rejectedDrafts = new LongAdder();

    void answered(int status) {
        answers.computeIfAbsent(status, _ -> new LongAdder()).increment();
    }

    /** Counts a generation that ended. */
    void ended(Drafts drafts) {
        pace.ended();
        acceptedDrafts.add(drafts.accepted());
        rejectedDrafts.add(drafts.rejected());
    }

    /** Counts a request whose texts, of {@code tokens} ids together, were embedded. */
    void embedded(long tokens, long nanos) {
        pace.ended();
        embeddedTokens.add(tokens);
        embeddings.add(nanos);
    }

    /** @param served model, or null while it loads */
    String text(ServedModel served) {
        StringBuilder out = new StringBuilder();
        value(out, "t6j_ready", "gauge", "Whether the model is loaded.", served == null ? 0 : 1);
        out.append("# HELP t6j_answers_total Answers by HTTP status.\n# TYPE t6j_answers_total counter\n");
        answers.forEach((status, count) -> out.append("t6j_answers_total{status=\"").append(status).append("\"} ")
                .append(count.sum()).append('\n'));
        if (served != null) {
            counts(out, served.scheduler().metrics());
        }
        value(out, "t6j_accepted_drafts_total", "counter", "Drafts of generations that ended, accepted as tokens.",
                acceptedDrafts.sum());
        value(out, "t6j_rejected_drafts_total", "counter", "Rejected drafts of generations that ended.",
                rejectedDrafts.sum());
        value(out, "t6j_embedding_tokens_total", "counter", "Tokens of embedded texts.", embeddedTokens.sum());
        embeddings.write("t6j_embedding_seconds", "Time from the start of a request to its embeddings.", out);
        requests.write("t6j_request_seconds", "Time from the start of a POST request to the end of its answer.", out);
        firstToken.write("t6j_first_token_seconds", "Time from the start of a request to its first token.", out);
        betweenTokens.write("t6j_between_tokens_seconds", "Time between two tokens of a generation.", out);
        return out.toString();
    }

    private static void counts(StringBuilder out, SchedulerMetrics counts) {
        value(out, "t6j_waiting", "gauge", "Generations in the queue.", counts.waiting());
        value(out, "t6j_running", "gauge", "Generations that read their prompts or generate.", counts.running());
        value(out, "t6j_cache_bytes", "gauge", "Bytes that the caches of running generations may take.",
                counts.cacheBytes());
        value(out, "t6j_kept_cache_bytes", "gauge", "Bytes of caches kept for prompts with the same beginning.",
                counts.keptBytes());
        value(out, "t6j_allocated_cache_bytes", "gauge", "Bytes allocated for all caches.", counts.allocatedBytes());
        value(out, "t6j_prompt_tokens_total", "counter", "Prompt tokens that were computed.", counts.promptIds());
        value(out, "t6j_cached_tokens_total", "counter", "Prompt tokens found in kept caches.",
                counts.cachedIds());
        value(out, "t6j_generated_tokens_total", "counter", "Generated tokens.", counts.generatedIds());
        value(out, "t6j_passes_total", "counter", "Passes over the weights.", counts.passes());
        value(out, "t6j_rows_total", "counter", "Tokens in these passes.", counts.rows());
        value(out, "t6j_generations_total", "counter", "Generations that ended.", counts.ended());
    }

    private static void value(StringBuilder out, String name, String type, String help, long value) {
        out.append("# HELP ").append(name).append(' ').append(help).append("\n# TYPE ").append(name).append(' ')
                .append(type).append('\n').append(name).append(' ').append(value).append('\n');
    }
}
