package io.github.t6j.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiLanguageModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Session;
import io.github.t6j.sampling.SamplingOptions;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;

/** A client of OpenAI's API by others, LangChain4j's, receives the text that a session generates. */
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(120)
class ClientTest {
    private static final String PROMPT = "The whale";
    private static final String MESSAGE = PROMPT + "\n\n"; // as plain text

    @AutoClose
    private final TestServer server = new TestServer();

    ClientTest() throws IOException {}

    private String url() {
        return server.uri("/v1").toString();
    }

    private OpenAiChatModel.OpenAiChatModelBuilder chat() {
        return OpenAiChatModel.builder().baseUrl(url()).apiKey("none").modelName("t6-tiny").maxRetries(0);
    }

    private Generation alone(String prompt, int tokens, SamplingOptions sampling, String... stop) {
        try (Session session = server.model.newSession()) {
            return session.generate(prompt, GenerationOptions.defaults().withMaxTokens(tokens).withSampling(sampling)
                    .withStop(stop));
        }
    }

    @Test
    void aWholeAnswer() {
        SamplingOptions sampling = SamplingOptions.defaults().withTemperature(0.5f).withTopK(0).withTopP(0.75f)
                .withFrequencyPenalty(0.5f).withSeed(7L);
        Generation expected = alone(MESSAGE, 24, sampling, "zzz");
        ChatResponse answer = chat().maxTokens(24).temperature(0.5).topP(0.75).frequencyPenalty(0.5).seed(7)
                .stop(List.of("zzz")).build().chat(UserMessage.from(PROMPT));
        assertThat(answer.aiMessage().text()).isEqualTo(expected.text());
        assertThat(answer.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(answer.tokenUsage().inputTokenCount())
                .isEqualTo(server.model.tokenizer().encodePrompt(MESSAGE).length);
        assertThat(answer.tokenUsage().outputTokenCount()).isEqualTo(24);
    }

    @Test
    void aStreamedAnswer() {
        StringBuffer parts = new StringBuffer();
        CompletableFuture<ChatResponse> whole = new CompletableFuture<>();
        OpenAiStreamingChatModel model = OpenAiStreamingChatModel.builder().baseUrl(url()).apiKey("none")
                .modelName("t6-tiny").maxTokens(40).temperature(1.0).seed(3).build();
        model.chat(PROMPT, new StreamingChatResponseHandler() {
            @Override
            public void onPartialResponse(String part) {
                parts.append(part);
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
        ChatResponse answer = whole.join();
        SamplingOptions plain = SamplingOptions.defaults().withTemperature(1).withTopK(0).withTopP(1);
        String expected = alone(MESSAGE, 40, plain.withSeed(3L)).text();
        assertThat(answer.aiMessage().text()).isEqualTo(expected);
        assertThat(parts).hasToString(expected);
        assertThat(answer.tokenUsage().outputTokenCount()).isEqualTo(40);
    }

    @Test
    void aCompletionOfAPrompt() {
        String text = OpenAiLanguageModel.builder().baseUrl(url()).apiKey("none").modelName("t6-tiny").temperature(0.0)
                .customQueryParams(Map.of("api-version", "1")).build().generate(PROMPT).content();
        assertThat(text).isEqualTo(alone(PROMPT, 16, SamplingOptions.greedy()).text());
    }

    @Test
    void anError() {
        OpenAiChatModel other = chat().modelName("gpt-4").build();
        assertThatThrownBy(() -> other.chat(PROMPT)).isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("expected \\\"t6-tiny\\\"");
    }
}
