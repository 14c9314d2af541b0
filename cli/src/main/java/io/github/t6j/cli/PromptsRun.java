package io.github.t6j.cli;

import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.SessionOptions;
import io.github.t6j.Token;
import io.github.t6j.cli.chat.PromptFormat;
import io.github.t6j.cli.schedule.Event;
import io.github.t6j.cli.schedule.Limits;
import io.github.t6j.cli.schedule.Scheduler;
import io.github.t6j.cli.schedule.Ticket;
import io.github.t6j.weights.PhysicalMemory;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code generate --prompts}: a result a line, in the order of the prompts; what is in the file of results is not done
 * again. A line that is wrong gives a result that says so.
 */
final class PromptsRun {
    /** A line whose generation is under way, or that is wrong. */
    private record Pending(long index, Object id, Ticket ticket, String error) {}

    private final Main main;
    private final Model model;
    private final PromptFormat format;
    private final GenerationOptions options;
    private final long seed; // of the first line; the next has the next
    private final Deque<Pending> pending = new ArrayDeque<>();
    private int failed;

    /** @param options with a seed */
    PromptsRun(Main main, Model model, PromptFormat format, GenerationOptions options) {
        this.main = main;
        this.model = model;
        this.format = format;
        this.options = options;
        seed = options.sampling().seed();
    }

    /** @return the exit code */
    int run(List<String> lines, String file, ResultsFile results, SessionOptions session, int contextLength,
            int parallel) throws InterruptedException {
        Limits limits = new Limits(parallel, 2 * parallel, PhysicalMemory.available() / 4 * 3, contextLength);
        try (Scheduler scheduler = new Scheduler(model, session, limits);
                Progress progress = new Progress(main, "generating")) {
            int next = results.count();
            for (int done = next; done < lines.size(); done++) {
                while (next < lines.size() && pending.size() < 2 * parallel) {
                    pending.add(begin(scheduler, lines.get(next), next, file + ", line " + (next + 1)));
                    next++;
                }
                results.add(result(pending.remove()));
                progress.update(done + 1.0, lines.size());
            }
        }
        if (failed > 0) {
            main.note(failed + " of " + lines.size() + " lines failed; \"error\" of their results says why");
        }
        return failed == 0 ? Main.DONE : Main.FAILED;
    }

    private Pending begin(Scheduler scheduler, String text, long index, String where) {
        Object id = null;
        try {
            PromptLine line = PromptLine.parse(text, where);
            id = line.id();
            Ticket ticket = new Ticket();
            GenerationOptions own = options.withSampling(options.sampling().withSeed(seed + index));
            scheduler.submit(line.request(model, format, own), ticket);
            return new Pending(index, id, ticket, null);
        } catch (RuntimeException wrong) { // a bad line does not end the others
            return new Pending(index, id, null, String.valueOf(wrong.getMessage()));
        }
    }

    private Map<String, Object> result(Pending one) throws InterruptedException {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("index", one.index);
        if (one.id != null) {
            result.put("id", one.id);
        }
        if (one.error != null) {
            failed++;
            result.put("error", one.error);
            return result;
        }
        while (true) {
            switch (one.ticket.next()) {
                case Event.Chosen chosen -> {
                    // the end has all of them
                }
                case Event.Ended(int _, Generation generation, int _) -> {
                    result.put("text", generation.text());
                    result.put("finish_reason", GenerationPrinter.reason(generation));
                    result.put("tokens", generation.tokens().stream().map(Token::id).toList());
                    result.put("prompt_tokens", generation.promptTokens());
                    result.put("seed", generation.seed());
                    return result;
                }
                case Event.Cancelled(int _) -> throw new IllegalStateException("nobody cancelled");
                case Event.Failed(int _, RuntimeException cause) -> {
                    failed++;
                    result.put("error", String.valueOf(cause.getMessage()));
                    return result;
                }
            }
        }
    }
}
