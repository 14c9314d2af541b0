package io.github.t6j.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialToolCall;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;

/** LangChain4j's client of OpenAI's API calls tools and receives JSON of a schema. */
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(600)
class ClientToolsTest {
    private static final ToolSpecification WEATHER = ToolSpecification.builder().name("weather")
            .description("Weather of a city")
            .parameters(JsonObjectSchema.builder().addEnumProperty("city", List.of("Bern", "Zug"))
                    .addIntegerProperty("days").required("city", "days").build())
            .build();
    private static final String NAME = "gpt-4o-mini";
    private static final Duration PATIENCE = Duration.ofMinutes(5); // of a busy machine

    private TestServer server;

    @BeforeAll
    void start() throws IOException {
        server = new TestServer(Optional.empty(), NAME);
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private OpenAiChatModel.OpenAiChatModelBuilder chat(int seed) {
        return OpenAiChatModel.builder().baseUrl(server.uri("/v1").toString()).apiKey("none").modelName(NAME)
                .timeout(PATIENCE).maxRetries(0).maxTokens(200).seed(seed);
    }

    private static ChatRequest request() {
        return ChatRequest.builder().messages(UserMessage.from("Weather?")).toolSpecifications(WEATHER)
                .toolChoice(ToolChoice.REQUIRED).build();
    }

    private static void check(ToolExecutionRequest call) {
        assertThat(call.name()).isEqualTo("weather");
        Map<String, Object> arguments = parsed(call.arguments());
        assertThat(arguments.get("city")).isIn("Bern", "Zug");
        assertThat(arguments.get("days")).isInstanceOf(Long.class);
    }

    private static Map<String, Object> parsed(String json) {
        return Json.parseObject(json.getBytes(StandardCharsets.UTF_8), "json");
    }

    @Test
    void aRequiredCallAndItsResult() {
        for (int seed = 0; seed < 10; seed++) {
            OpenAiChatModel model = chat(seed).strictTools(seed % 2 == 0).build();
            ChatResponse answer = model.chat(request());
            assertThat(answer.finishReason()).isEqualTo(FinishReason.TOOL_EXECUTION);
            AiMessage message = answer.aiMessage();
            check(message.toolExecutionRequests().getFirst());
            ChatResponse after = model.chat(ChatRequest.builder().messages(UserMessage.from("Weather?"), message,
                    ToolExecutionResultMessage.from(message.toolExecutionRequests().getFirst(), "rain"))
                    .maxOutputTokens(5).build());
            assertThat(after.aiMessage().text()).isNotEmpty();
        }
    }

    @Test
    void aStreamedCall() {
        OpenAiStreamingChatModel model = OpenAiStreamingChatModel.builder().baseUrl(server.uri("/v1").toString())
                .apiKey("none").modelName(NAME).timeout(PATIENCE).maxTokens(200).seed(1).build();
        StringBuffer parts = new StringBuffer();
        CompletableFuture<ToolExecutionRequest> complete = new CompletableFuture<>();
        CompletableFuture<ChatResponse> whole = new CompletableFuture<>();
        model.chat(request(), new StreamingChatResponseHandler() {
            @Override
            public void onPartialToolCall(PartialToolCall part) {
                parts.append(part.partialArguments());
            }

            @Override
            public void onCompleteToolCall(CompleteToolCall call) {
                complete.complete(call.toolExecutionRequest());
            }

            @Override
            public void onCompleteResponse(ChatResponse answer) {
                whole.complete(answer);
            }

            @Override
            public void onError(Throwable error) {
                whole.completeExceptionally(error);
            }
        });
        ToolExecutionRequest call = whole.join().aiMessage().toolExecutionRequests().getFirst();
        check(call);
        assertThat(parts).hasToString(call.arguments());
        assertThat(complete.join()).isEqualTo(call);
        assertThat(call.arguments()).isEqualTo(
                chat(1).build().chat(request()).aiMessage().toolExecutionRequests().getFirst().arguments());
    }

    @Test
    void jsonOfASchema() {
        ResponseFormat format = ResponseFormat.builder().type(ResponseFormatType.JSON).jsonSchema(JsonSchema.builder()
                .name("thing").rootElement(JsonObjectSchema.builder().addEnumProperty("color", List.of("red", "blue"))
                        .addBooleanProperty("big").required("color", "big").build())
                .build()).build();
        for (int seed = 0; seed < 10; seed++) {
            Map<String, Object> thing = parsed(chat(seed).responseFormat(format).strictJsonSchema(true).build()
                    .chat(UserMessage.from("A thing")).aiMessage().text());
            assertThat(thing.get("color")).isIn("red", "blue");
            assertThat(thing.get("big")).isInstanceOf(Boolean.class);
        }
    }

    @Test
    void aSchemaThatIsNotSupported() {
        ResponseFormat format = ResponseFormat.builder().type(ResponseFormatType.JSON).jsonSchema(JsonSchema.builder()
                .name("list").rootElement(JsonRawSchema.from("{\"type\": \"array\", \"uniqueItems\": true}")).build())
                .build();
        assertThatThrownBy(() -> chat(1).responseFormat(format).build().chat(UserMessage.from("A list")))
                .isInstanceOf(InvalidRequestException.class).hasMessageContaining("uniqueItems is not supported");
    }
}
