package io.github.t6j.cli.serve;

import io.github.t6j.CallOptions;
import io.github.t6j.ModelFormatException;
import io.github.t6j.chat.rerank.RankedText;
import io.github.t6j.chat.rerank.Reranker;
import io.github.t6j.json.Json;
import io.github.t6j.schedule.RefusedException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;

/**
 * POST /v1/rerank: sorts texts by their relevance to a query. It accepts the fields of Jina and Cohere and answers as
 * Jina does; with {@code texts} instead of {@code documents}, it has the format of text-embeddings-inference, as
 * llama-server has both.
 */
final class Reranking {
    /** Fields of other servers that would change the answer, and are not supported. */
    private static final Set<String> UNSUPPORTED = Set.of("rank_fields", "max_chunks_per_doc", "max_tokens_per_doc",
            "overlap_tokens", "truncate", "truncate_prompt_tokens", "truncation", "raw_scores", "return_embeddings");

    private static final int MAX_TEXTS = 2048;
    private static final String TEXTS = "texts";

    private final ServedModel served;
    private Reranker reranker; // null until the first request

    Reranking(ServedModel served) {
        this.served = served;
    }

    /** Request that was submitted. @param returned true if the answer repeats the texts */
    private record Submitted(String field, List<String> documents, int top, boolean returned, TimeLimit limit,
            Future<List<RankedText>> ranked) {}

    private Submitted submitted(Fields fields, String client) {
        served.check(fields);
        fields.refuse(UNSUPPORTED);
        String field = fields.has(TEXTS) ? TEXTS : "documents";
        List<String> documents = documents(fields, field);
        int top = fields.whole("top_n", 1, Integer.MAX_VALUE, documents.size());
        boolean returned = fields.flag(field.equals(TEXTS) ? "return_text" : "return_documents");
        String query = checked("query", fields.requiredText("query"));
        documents.forEach(text -> checked(field, text));
        String instruction = fields.text("instruction", null);
        TimeLimit limit = TimeLimit.of(fields);
        Reranker chosen = instruction == null ? reranker() : reranker().withInstruction(instruction);
        CallOptions call = CallOptions.defaults().withTimeout(limit.request());
        try {
            return new Submitted(field, documents, top, returned, limit,
                    chosen.withClient(client).submit(query, documents, served.scheduler(), call));
        } catch (RefusedException refused) {
            throw ApiException.refused(refused, field);
        } catch (IllegalArgumentException wrong) {
            String message = wrong.getMessage().replaceFirst("^texts", field);
            throw ApiException.invalid(message.startsWith(field) ? field : "query", message);
        }
    }

    private String checked(String field, String text) {
        PromptLength.check(field, text, served.model().info().sizes().contextLength(),
                part -> served.model().tokenizer().encode(part).length);
        return text;
    }

    void answer(Exchange exchange) throws IOException {
        Submitted request = exchange.prepared(fields -> submitted(fields, exchange.clientName()));
        boolean texts = request.field.equals(TEXTS);
        List<RankedText> ranked;
        try {
            ranked = Embeddings.result(exchange, served, request.limit, request.field, () -> request.ranked);
        } catch (ApiException e) {
            if (!exchange.hasBegun()) {
                throw e;
            }
            exchange.failed(e);
            exchange.write(Json.writeLine(e.json(exchange.requestId())));
            return;
        }
        long tokens = ranked.stream().mapToLong(RankedText::tokens).sum();
        exchange.tokens(tokens);
        exchange.metrics().embedded(tokens, System.nanoTime() - exchange.start());
        List<Object> results = new ArrayList<>();
        ranked.stream().limit(request.top).forEach(
                text -> results.add(result(text, request.returned ? request.documents : null, texts)));
        Object answer = texts ? results : answer(results, tokens);
        if (exchange.hasBegun()) {
            exchange.write(Json.writeLine(answer));
        } else {
            exchange.text(200, Exchange.JSON, Json.writeLine(answer));
        }
    }

    private Map<String, Object> answer(List<Object> results, long tokens) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("object", "list");
        answer.put("model", served.name());
        answer.put("results", results);
        answer.put("usage", Map.of("prompt_tokens", tokens, "total_tokens", tokens));
        return answer;
    }

    /** @param documents texts of the request if the answer repeats them, or null @param texts true for field texts */
    private static Map<String, Object> result(RankedText ranked, List<String> documents, boolean texts) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("index", (long) ranked.index());
        result.put(texts ? "score" : "relevance_score", ranked.score());
        if (documents != null) {
            String text = documents.get(ranked.index());
            result.put(texts ? "text" : "document", texts ? text : Map.of("text", text));
        }
        return result;
    }

    /** Returns the texts of a field: an array of texts, or of objects with a text. */
    private static List<String> documents(Fields fields, String field) {
        String expected = "an array of 1 to " + MAX_TEXTS + " texts";
        if (!(fields.value(field) instanceof List<?> list) || list.isEmpty() || list.size() > MAX_TEXTS) {
            throw fields.wrong(field, expected);
        }
        List<String> documents = new ArrayList<>();
        for (Object document : list) {
            Object text = document instanceof Map<?, ?> map ? map.get("text") : document;
            if (!(text instanceof String found)) {
                throw fields.wrong(field, expected);
            }
            documents.add(found);
        }
        return documents;
    }

    private synchronized Reranker reranker() {
        if (reranker == null) {
            try {
                reranker = new Reranker(served.model());
            } catch (ModelFormatException unsupported) {
                throw ApiException.invalid("model", unsupported.getMessage());
            }
        }
        return reranker;
    }
}
