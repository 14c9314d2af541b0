package io.github.t6j.cli.serve;

import io.github.t6j.CallOptions;
import io.github.t6j.Embedder;
import io.github.t6j.Embedding;
import io.github.t6j.EmbeddingOptions;
import io.github.t6j.ModelFormatException;
import io.github.t6j.Prompt;
import io.github.t6j.json.Json;
import io.github.t6j.schedule.RefusedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** POST /v1/embeddings: embeds texts. */
final class Embeddings {
    /** Fields of other servers that would change the answer, and are not supported. */
    private static final Set<String> UNSUPPORTED = Set.of("messages", "input_type", "task", "prompt_name", "truncate",
            "truncate_prompt_tokens", "normalize", "embd_normalize", "embed_dtype", "endianness", "pooling", "layer");

    private static final int MAX_TEXTS = 2048;

    private final ServedModel served;
    private final EmbeddingOptions options;
    private Embedder embedder; // null until the first request

    Embeddings(ServedModel served, EmbeddingOptions options) {
        this.served = served;
        this.options = options;
    }

    /** Request that can be submitted. */
    private record Prepared(Embedder embedder, List<int[]> texts, int dimensions, String encoding, TimeLimit limit) {}

    private Prepared prepared(Fields fields) {
        served.check(fields);
        fields.refuse(UNSUPPORTED);
        String encoding = fields.text("encoding_format", "float");
        if (!encoding.equals("float") && !encoding.equals("base64")) {
            throw ApiException.invalid(
                    "encoding_format", "encoding_format: expected float or base64, found \"" + encoding + "\"");
        }
        Embedder all = embedder();
        int dimensions = fields.whole("dimensions", 1, all.dimensions(), all.dimensions());
        List<int[]> texts = new ArrayList<>();
        for (Prompt input : inputs(fields)) {
            texts.add(ids(all, input, "input[" + texts.size() + "]"));
        }
        return new Prepared(all, texts, dimensions, encoding, TimeLimit.of(fields));
    }

    void answer(Exchange exchange) throws IOException {
        Prepared prepared = exchange.prepared(this::prepared);
        List<int[]> texts = prepared.texts;
        List<Object> data = new ArrayList<>();
        try {
            for (Embedding found : embed(exchange, prepared.embedder, texts, prepared.limit)) {
                data.add(described(found.vector(), data.size(), prepared.dimensions, prepared.encoding));
            }
        } catch (ApiException e) {
            if (!exchange.hasBegun()) {
                throw e;
            }
            exchange.failed(e);
            exchange.write(Json.writeLine(e.json(exchange.requestId())));
            return;
        }
        long tokens = texts.stream().mapToLong(ids -> ids.length).sum();
        exchange.tokens(tokens);
        exchange.metrics().embedded(tokens, System.nanoTime() - exchange.start());
        Map<String, Object> answer = ordered("object", "list", "data", data, "model", served.name(),
                "usage", ordered("prompt_tokens", tokens, "total_tokens", tokens));
        if (exchange.hasBegun()) {
            exchange.write(Json.writeLine(answer));
        } else {
            exchange.json(200, answer);
        }
    }

    private List<Embedding> embed(Exchange exchange, Embedder all, List<int[]> texts, TimeLimit limit)
            throws IOException {
        EmbeddingOptions limited = all.options().withCall(CallOptions.defaults().withTimeout(limit.request()));
        List<Prompt> prompts =
                texts.stream().map(ids -> Prompt.of(ids).withClient(exchange.clientName())).toList();
        return result(exchange, served, limit, "input", () -> served.scheduler().embed(prompts, limited));
    }

    /**
     * Returns the result of work that the scheduler does on texts.
     *
     * @param field field of the request with the texts
     */
    static <T> T result(Exchange exchange, ServedModel served, TimeLimit limit, String field,
            Supplier<Future<T>> submitted) throws IOException {
        try {
            return await(exchange, submitted.get());
        } catch (RefusedException refused) {
            throw ApiException.refused(refused, field);
        } catch (CancellationException ended) {
            throw (ended.getMessage() + ended.getCause()).contains("deadline")
                    ? ApiException
                            .unavailable("no result within " + limit.named(served.scheduler().options().timeout()))
                    : ApiException.stopping();
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof RefusedException
                    ? ApiException.stopping()
                    : ApiException.failed(failed.getCause().getMessage());
        }
    }

    /** Waits for the result, and sends white space now and then; a client that disconnects cancels it. */
    private static <T> T await(Exchange exchange, Future<T> result) throws IOException, ExecutionException {
        try {
            while (true) {
                try {
                    return result.get(CompletionResponse.PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
                } catch (TimeoutException stillRunning) {
                    if (!exchange.hasBegun()) {
                        exchange.begin(false);
                    }
                    exchange.write("\n");
                }
            }
        } catch (InterruptedException e) {
            throw new IOException("the client stopped reading", e); // the write timeout expired just as a write ended
        } finally {
            result.cancel(true);
        }
    }

    private synchronized Embedder embedder() {
        if (embedder == null) {
            try {
                embedder = new Embedder(served.model(), options);
            } catch (ModelFormatException unsupported) {
                throw ApiException.invalid("model", unsupported.getMessage());
            }
        }
        return embedder;
    }

    /** Returns one input or several, given as texts or ids. */
    private List<Prompt> inputs(Fields fields) {
        Object input = fields.value("input");
        if (input instanceof String text) {
            return List.of(prompt(text));
        }
        if (input instanceof List<?> list && !list.isEmpty()) {
            if (list.stream().allMatch(Long.class::isInstance)) {
                return List.of(prompt(list));
            }
            boolean several = list.size() <= MAX_TEXTS;
            if (several && list.stream().allMatch(String.class::isInstance)) {
                return list.stream().map(text -> prompt((String) text)).toList();
            }
            if (several && list.stream().allMatch(Embeddings::isIds)) {
                return list.stream().map(ids -> prompt((List<?>) ids)).toList();
            }
        }
        throw ApiException.invalid("input", "input: expected a text, an array of ids, or an array of at most "
                + MAX_TEXTS + " of either");
    }

    private Prompt prompt(String text) {
        PromptLength.check("input", text, served.model().info().sizes().contextLength(),
                part -> served.model().tokenizer().encode(part).length);
        return Prompt.of(text);
    }

    private static boolean isIds(Object value) {
        return value instanceof List<?> list && list.stream().allMatch(Long.class::isInstance);
    }

    private static Prompt prompt(List<?> ids) {
        return Prompt.of(ids.stream().mapToInt(id -> Math.clamp((Long) id, -1, Integer.MAX_VALUE)).toArray());
    }

    private static int[] ids(Embedder embedder, Prompt input, String where) {
        try {
            return embedder.ids(input);
        } catch (IllegalArgumentException wrong) {
            throw ApiException.invalid("input", wrong.getMessage().replaceFirst("^prompt", where));
        }
    }

    private Map<String, Object> described(float[] vector, int index, int dimensions, String encoding) {
        float[] cut = cut(vector, dimensions, embedder.options().normalized());
        return ordered("object", "embedding", "index", (long) index,
                "embedding", encoding.equals("base64") ? base64(cut) : list(cut));
    }

    /** Returns the first elements, scaled to length 1 again if {@code vector} is. */
    private static float[] cut(float[] vector, int dimensions, boolean normalized) {
        float[] cut = Arrays.copyOf(vector, dimensions);
        if (normalized && dimensions < vector.length) {
            double squares = 0;
            for (float element : cut) {
                squares += (double) element * element;
            }
            double length = squares > 0 ? Math.sqrt(squares) : 1;
            for (int i = 0; i < dimensions; i++) {
                cut[i] = (float) (cut[i] / length);
            }
        }
        return cut;
    }

    private static List<Float> list(float[] vector) {
        List<Float> list = new ArrayList<>(vector.length);
        for (float element : vector) {
            list.add(element);
        }
        return list;
    }

    /** Returns the floats in little-endian order, as base64. */
    private static String base64(float[] vector) {
        ByteBuffer bytes = ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(vector);
        return Base64.getEncoder().encodeToString(bytes.array());
    }

    private static Map<String, Object> ordered(Object... keysAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }
}
