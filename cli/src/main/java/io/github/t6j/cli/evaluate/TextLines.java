package io.github.t6j.cli.evaluate;

import io.github.t6j.Model;
import io.github.t6j.Prompt;
import io.github.t6j.cli.generate.Line;
import io.github.t6j.cli.generate.LineWork;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.schedule.Scheduler;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Lines of {@code perplexity --texts}: {@code {"text": "…"}}, and optionally {@code "id"}. */
public final class TextLines implements LineWork {
    /** Cuts a text of {@code ids} ids into windows. */
    @FunctionalInterface
    public interface Windows {
        List<Window> of(int ids);
    }

    private final Model model;
    private final int[] before;
    private final Windows windows;
    private final Perplexity total = new Perplexity();
    private int texts;
    private long tokens;
    private long bytes;

    /** @param before ids that are fed before each window */
    public TextLines(Model model, int[] before, Windows windows) {
        this.model = model;
        this.before = before;
        this.windows = windows;
    }

    @Override
    public String name() {
        return "perplexity";
    }

    @Override
    public boolean isResult(Map<String, Object> found) {
        return found.get("nll") instanceof Number && found.get("tokens") instanceof Long
                && found.get("scored") instanceof Long && found.get("bytes") instanceof Long;
    }

    @Override
    public Finish begin(Line line, long index, Map<String, Object> result, Scheduler scheduler) {
        Map<String, Object> fields = line.fields();
        if (fields.get("id") != null) {
            result.put("id", fields.get("id"));
        }
        if (!(fields.get("text") instanceof String text)) {
            throw line.expected("text", "a text", fields);
        }
        int[] ids = model.tokenizer().encodeWithSpecialTokens(text);
        if (ids.length < 2) {
            throw new CommandFailure(line.where() + ": expected a text of at least 2 tokens, found " + ids.length);
        }
        List<Window> cut = windows.of(ids.length);
        List<CompletableFuture<List<float[]>>> scorings = new ArrayList<>();
        for (Window window : cut) {
            scorings.add(scheduler.score(
                    Prompt.of(window.context(before, ids)), List.of(window.continuation(before, ids))));
        }
        int length = text.getBytes(StandardCharsets.UTF_8).length;
        return LineWork.cancelling(scorings, into -> {
            Perplexity found = found(scorings, cut, ids, line.where());
            if (!Double.isFinite(found.value())) { // JSON has no infinity
                throw new CommandFailure(line.where() + ": expected a finite perplexity, found " + found.value());
            }
            into.putAll(found.fields(ids.length, length));
            into.put("bytes", (long) length);
        });
    }

    private static Perplexity found(
            List<CompletableFuture<List<float[]>>> scorings, List<Window> windows, int[] ids, String where)
            throws InterruptedException {
        Perplexity all = new Perplexity();
        for (int i = 0; i < windows.size(); i++) {
            Perplexity found = new Perplexity();
            Window window = windows.get(i);
            float[] logProbabilities = LineWork.await(scorings.get(i)).getFirst();
            int first = logProbabilities.length - (window.end() - window.scoredFrom());
            for (int id = window.scoredFrom(); id < window.end(); id++) {
                found.add(logProbabilities[first + id - window.scoredFrom()], ids, id, where);
            }
            all.add(found);
        }
        return all;
    }

    /** Adds the numbers in the file, so that an interrupted run ends with the same totals. */
    @Override
    public void add(Map<String, Object> result) {
        total.add(result);
        texts++;
        tokens += (Long) result.get("tokens");
        bytes += (Long) result.get("bytes");
    }

    @Override
    public String found() {
        return total.line();
    }

    /** Returns the number of scored texts. */
    int count() {
        return texts;
    }

    /** Returns the totals of all texts. */
    Map<String, Object> totals() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("texts", (long) texts);
        fields.putAll(total.fields(tokens, bytes));
        return fields;
    }
}
