package io.github.t6j.cli.embed;

import io.github.t6j.Embedder;
import io.github.t6j.Embedding;
import io.github.t6j.Prompt;
import io.github.t6j.cli.generate.Line;
import io.github.t6j.cli.generate.LineWork;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.schedule.Scheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;

/** Lines of {@code embed}: {@code {"text": "…"}} or {@code {"ids": […]}}, and optionally {@code "id"}. */
public final class EmbedLines implements LineWork {
    private final Embedder embedder;
    private final List<Waiting> waiting = new ArrayList<>(); // lines that are embedded together, once one is needed

    /** A line, and its embedding once it is computed. */
    private static final class Waiting {
        final Prompt ids;
        Embedding embedding;
        IllegalStateException failure; // instead of an embedding

        Waiting(Prompt ids) {
            this.ids = ids;
        }
    }

    public EmbedLines(Embedder embedder) {
        this.embedder = embedder;
    }

    @Override
    public String name() {
        return "embedding";
    }

    @Override
    public boolean isResult(Map<String, Object> found) {
        return found.get("embedding") instanceof List<?> list && list.size() == embedder.dimensions();
    }

    @Override
    public Finish begin(Line line, long index, Map<String, Object> result, Scheduler scheduler) {
        Map<String, Object> fields = line.fields();
        if (fields.get("id") != null) {
            result.put("id", fields.get("id"));
        }
        try {
            Waiting added = new Waiting(Prompt.of(embedder.ids(prompt(line, fields))));
            waiting.add(added);
            return into -> finish(added, into);
        } catch (IllegalArgumentException wrong) {
            throw new CommandFailure(line.where() + ": " + wrong.getMessage(), wrong);
        }
    }

    /** Returns the text or the ids of a line. */
    static Prompt prompt(Line line, Map<String, Object> fields) {
        if (fields.get("text") instanceof String text) {
            return Prompt.of(text);
        }
        if (!fields.containsKey("ids")) {
            throw line.expected("text", "a text (or the key ids, a list of ids)", fields);
        }
        if (!(fields.get("ids") instanceof List<?> list) || !list.stream().allMatch(EmbedLines::isId)) {
            throw line.expected("ids", "a list of ids", fields);
        }
        return Prompt.of(list.stream().mapToInt(id -> ((Long) id).intValue()).toArray());
    }

    private static boolean isId(Object value) {
        return value instanceof Long id && id >= 0 && id <= Integer.MAX_VALUE;
    }

    private void finish(Waiting line, Map<String, Object> result) throws InterruptedException {
        if (line.embedding == null && line.failure == null) {
            embed();
        }
        if (line.failure != null) {
            throw line.failure;
        }
        result.put("embedding", values(line.embedding.vector()));
        result.put("tokens", (long) line.embedding.tokens());
    }

    private void embed() throws InterruptedException {
        List<Waiting> lines = List.copyOf(waiting);
        try {
            embed(lines);
        } catch (IllegalStateException nan) { // in the vector of a line at least
            for (Waiting line : lines) {
                try {
                    embed(List.of(line));
                } catch (IllegalStateException failure) {
                    line.failure = failure;
                }
            }
        }
        waiting.clear();
    }

    private void embed(List<Waiting> lines) throws InterruptedException {
        try {
            List<Embedding> found = embedder.embed(lines.stream().map(line -> line.ids).toList());
            for (int i = 0; i < found.size(); i++) {
                lines.get(i).embedding = found.get(i);
            }
        } catch (CancellationException interrupted) {
            throw (InterruptedException) new InterruptedException().initCause(interrupted);
        }
    }

    private static List<Object> values(float[] vector) {
        List<Object> values = new ArrayList<>(vector.length);
        for (float element : vector) {
            values.add(element);
        }
        return values;
    }
}
