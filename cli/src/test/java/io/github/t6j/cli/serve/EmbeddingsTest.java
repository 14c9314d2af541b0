package io.github.t6j.cli.serve;

import static io.github.t6j.cli.serve.TestServer.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import io.github.t6j.Embedder;
import io.github.t6j.Embedding;
import io.github.t6j.EmbeddingOptions;
import io.github.t6j.Pooling;
import io.github.t6j.Prompt;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** /v1/embeddings returns the library's embeddings, in the format that OpenAI's clients expect. */
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(120)
class EmbeddingsTest {
    private static final String PATH = "/v1/embeddings";
    private static final long SEED = 4;

    private TestServer server;
    private Embedder embedder;

    @BeforeAll
    void start() throws IOException {
        server = new TestServer();
        embedder = new Embedder(server.model);
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private static float[] floats(List<?> list) {
        float[] floats = new float[list.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = ((Number) list.get(i)).floatValue();
        }
        return floats;
    }

    private static List<Object> json(int... ids) {
        return Arrays.stream(ids).mapToObj(id -> (Object) (long) id).toList();
    }

    @Test
    void everyFormOfInput() throws Exception {
        int[] ids = server.model.tokenizer().encodeWhole("The whale");
        Map<String, Object> answer = server.ask(PATH, Map.of("input", "The whale", "model", "t6-tiny", "user", "me"));
        float[] expected = embedder.embed(Prompt.of("The whale")).vector();
        assertThat(floats(at(answer, "data", 0, "embedding"))).isEqualTo(expected);
        assertThat((String) at(answer, "object")).isEqualTo("list");
        assertThat((String) at(answer, "model")).isEqualTo("t6-tiny");
        assertThat((String) at(answer, "data", 0, "object")).isEqualTo("embedding");
        assertThat((Long) at(answer, "usage", "prompt_tokens")).isEqualTo(ids.length);
        assertThat((Long) at(answer, "usage", "total_tokens")).isEqualTo(ids.length);
        assertThat(floats(at(server.ask(PATH, Map.of("input", json(ids))), "data", 0, "embedding")))
                .isEqualTo(expected);
        Map<String, Object> texts = server.ask(PATH, Map.of("input", List.of("Call me", "The whale")));
        Map<String, Object> lists = server.ask(PATH, Map.of("input", List.of(json(5, 6, 7), json(ids))));
        for (Map<String, Object> two : List.of(texts, lists)) {
            assertThat((List<?>) at(two, "data")).hasSize(2);
            assertThat((Long) at(two, "data", 1, "index")).isEqualTo(1);
            assertThat(floats(at(two, "data", 1, "embedding"))).isEqualTo(expected);
        }
        assertThat(floats(at(texts, "data", 0, "embedding"))).isEqualTo(embedder.embed(Prompt.of("Call me")).vector());
        assertThat(floats(at(lists, "data", 0, "embedding"))).isEqualTo(embedder.embed(Prompt.of(5, 6, 7)).vector());
    }

    @Test
    void base64IsTheSameNumbers() throws Exception {
        String encoded =
                at(server.ask(PATH, Map.of("input", "The whale", "encoding_format", "base64")), "data", 0, "embedding");
        ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(encoded)).order(ByteOrder.LITTLE_ENDIAN);
        float[] found = new float[bytes.remaining() / Float.BYTES];
        bytes.asFloatBuffer().get(found);
        assertThat(found).isEqualTo(embedder.embed(Prompt.of("The whale")).vector());
    }

    @Test
    void dimensionsAreCutAndNormalizedAgain() throws Exception {
        float[] found =
                floats(at(server.ask(PATH, Map.of("input", "The whale", "dimensions", 33L)), "data", 0, "embedding"));
        float[] whole = embedder.embed(Prompt.of("The whale")).vector();
        double length = 0;
        for (int i = 0; i < 33; i++) {
            length += (double) whole[i] * whole[i];
        }
        assertThat(found).hasSize(33);
        for (int i = 0; i < 33; i++) {
            assertThat(found[i]).isCloseTo((float) (whole[i] / Math.sqrt(length)), within(1e-6f));
        }
    }

    @ParameterizedTest
    @EnumSource(Pooling.class)
    void thePoolingOfTheServer(Pooling pooling) throws Exception {
        EmbeddingOptions options = EmbeddingOptions.defaults().withPooling(pooling);
        try (TestServer pooled = new TestServer(options)) {
            float[] found = floats(at(pooled.ask(PATH, Map.of("input", "The whale")), "data", 0, "embedding"));
            assertThat(found).isEqualTo(new Embedder(pooled.model, options).embed(Prompt.of("The whale")).vector());
        }
    }

    @Test
    void metricsCountRequestsAndTheirTokens() throws Exception {
        try (TestServer counted = new TestServer()) {
            counted.ask(PATH, Map.of("input", List.of(json(5, 6, 7), json(8))));
            counted.ask(PATH, Map.of("input", json(9)));
            counted.post(PATH, "{\"input\": []}");
            assertThat(counted.get("/metrics").body().lines())
                    .contains("t6j_embedding_tokens_total 5", "t6j_embedding_seconds_count 2",
                            "t6j_generated_tokens_total 0");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{} | input | input: expected a text, an array of ids",
        "{\"input\": []} | input | input: expected a text, an array of ids",
        "{\"input\": [\"a\", 5]} | input | input: expected a text, an array of ids",
        "{\"input\": \"\"} | input | input[0]: expected at least one token, found none",
        "{\"input\": [\"a\", \"\"]} | input | input[1]: expected at least one token, found none",
        "{\"input\": [[1], []]} | input | input[1]: expected at least one token, found none",
        "{\"input\": [1, -1]} | input | input[0]: expected ids from 0 to 4095, found -1",
        "{\"input\": [1, 99999999999]} | input | input[0]: expected ids from 0 to 4095, found 2147483647",
        "{\"input\": \"a\", \"dimensions\": 0} | dimensions | dimensions: expected a whole number from 1 to 192, found 0",
        "{\"input\": \"a\", \"dimensions\": 193} | dimensions | found 193",
        "{\"input\": \"a\", \"encoding_format\": \"int8\"} | encoding_format | expected float or base64, found \"int8\"",
        "{\"input\": \"a\", \"truncate_prompt_tokens\": 5} | truncate_prompt_tokens | not supported by t6j",
    })
    void mistakes(String body, String field, String message) throws Exception {
        HttpResponse<String> answer = server.post(PATH, body);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
        assertThat((String) at(TestServer.json(answer.body()), "error", "message")).contains(message);
        assertThat((String) at(TestServer.json(answer.body()), "error", "param")).isEqualTo(field);
    }

    @Test
    void aTextThatIsTooLongAndAnotherModel() throws Exception {
        HttpResponse<String> answer =
                server.post(PATH, Json.writeLine(Map.of("input", List.of("a", "whale ".repeat(600)))));
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("input[1]: expected at most 512 tokens, the model's context, found ");
        assertThat(server.post(PATH, "{\"input\": \"a\", \"model\": \"other\"}").statusCode()).isEqualTo(404);
        assertThat(server.get(PATH).statusCode()).isEqualTo(405);
    }

    /** Requests of very different sizes share passes; each gets the bits that its texts have alone. */
    @Tag("full")
    @Test
    void manyClientsAtOnce() throws Exception {
        Random random = new Random(SEED);
        List<List<int[]>> asked = new ArrayList<>();
        List<Future<Map<String, Object>>> answers = new ArrayList<>();
        try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 30; i++) {
                List<int[]> texts = new ArrayList<>();
                for (int count = i % 10 == 0 ? 40 : 1 + random.nextInt(3); count > 0; count--) {
                    texts.add(random.ints(1 + random.nextInt(i % 7 == 0 ? 400 : 40), 0, 4096).toArray());
                }
                asked.add(texts);
                List<Object> input = texts.stream().map(ids -> (Object) json(ids)).toList();
                answers.add(clients.submit(() -> server.ask(PATH, Map.of("input", input))));
            }
        }
        for (int i = 0; i < asked.size(); i++) {
            List<Embedding> expected = embedder.embed(asked.get(i).stream().map(Prompt::of).toList());
            for (int text = 0; text < expected.size(); text++) {
                assertThat(floats(at(answers.get(i).get(), "data", text, "embedding")))
                        .as("seed " + SEED + ", request " + i + ", text " + text)
                        .isEqualTo(expected.get(text).vector());
            }
        }
    }

    /** A client by others, which asks for floats. */
    @Test
    void langChain4jsClient() {
        OpenAiEmbeddingModel client = OpenAiEmbeddingModel.builder().baseUrl(server.uri("/v1").toString())
                .apiKey("none").modelName("t6-tiny").build();
        List<String> texts = List.of("The whale", "Call me Ishmael.");
        List<dev.langchain4j.data.embedding.Embedding> found =
                client.embedAll(texts.stream().map(TextSegment::from).toList()).content();
        for (int i = 0; i < 2; i++) {
            assertThat(found.get(i).vector()).isEqualTo(embedder.embed(Prompt.of(texts.get(i))).vector());
        }
        assertThat(client.dimension()).isEqualTo(embedder.dimensions());
    }

    /** Returns a request whose texts take many seconds. */
    private static String long1() {
        List<Object> input = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            input.add(json(new Random(i).ints(500, 0, 4096).toArray()));
        }
        return Json.writeLine(Map.of("input", input));
    }

    @Test
    void aServerThatStopsEndsRequests() throws Exception {
        try (TestServer stopping = new TestServer();
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            String body = long1();
            Future<HttpResponse<String>> answer = clients.submit(() -> stopping.post(PATH, body));
            while (stopping.server.left() == 0) { // ended by the timeout of the class
                Thread.sleep(1);
            }
            Thread.sleep(300); // until it is read, usually
            assertThat(stopping.ask(PATH, Map.of("input", "The whale"))).containsKey("data"); // does not wait for it
            assertThat(answer.isDone()).isFalse();
            stopping.server.drain(Duration.ZERO);
            assertThat(answer.get().statusCode()).isIn(200, 503); // 200 if the answer had begun
            assertThat((String) at(TestServer.json(answer.get().body()), "error", "message"))
                    .startsWith("draining: the server is stopping");
            assertThat(stopping.server.left()).isZero();
        }
    }

    /** A disconnect frees the place; until then, white space shows that the request goes on. */
    @Test
    void aClientThatLeavesEndsItsEmbeddings() throws Exception {
        try (TestServer other = new TestServer(TestServer.limits(1, 0, 1L << 30, TestServer.CONTEXT), null, null)) {
            String body = long1();
            try (Socket socket = new Socket("127.0.0.1", other.server.address().getPort())) {
                socket.getOutputStream().write(("POST " + PATH + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                        + body.length() + "\r\n\r\n" + body).getBytes(StandardCharsets.UTF_8));
                assertThat(socket.getInputStream().read()).isEqualTo('H'); // after a second
                assertThat(other.post(PATH, "{\"input\": \"a\"}").statusCode()).isEqualTo(429);
            }
            while (other.post(PATH, "{\"input\": [5]}").statusCode() == 429) { // ended by the timeout of the class
                Thread.sleep(20);
            }
            assertThat(other.get("/metrics").body().lines()).as("the long request was not completed")
                    .contains("t6j_embedding_seconds_count 1", "t6j_embedding_tokens_total 1");
        }
    }
}
