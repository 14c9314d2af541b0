package example;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.converter.BeanOutputConverter;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.tool.annotation.Tool;
import org.springframework.ai.tool.annotation.ToolParam;

/** Spring AI's client of OpenAI's API, against the server at the address that is the first argument. */
public final class SpringClient {
    private static final String MODEL = "gpt-4o"; // an alias

    /** A tool that counts its calls. */
    public static final class Weather {
        private final AtomicInteger calls = new AtomicInteger();

        @Tool(name = "weather", description = "Weather of a city", returnDirect = true)
        public String weather(@ToolParam(description = "City") Unit unit, boolean tomorrow) {
            expect(unit != null, "a unit");
            calls.incrementAndGet();
            return tomorrow ? "rain" : "sun";
        }
    }

    public enum Unit {
        CELSIUS, FAHRENHEIT
    }

    public record Thing(Unit unit, boolean big) {}

    private SpringClient() {}

    public static void main(String[] args) {
        String url = args[0] + "/v1";
        for (int seed = 0; seed < 5; seed++) {
            Weather weather = new Weather();
            String result = client(url, options(seed).toolChoice("required")).prompt("Weather?").tools(weather).call()
                    .content();
            expect(weather.calls.get() == 1, "one call");
            expect(List.of("\"rain\"", "\"sun\"").contains(result), "the tool's result, found " + result);

            BeanOutputConverter<Thing> converter = new BeanOutputConverter<>(Thing.class);
            Thing thing = converter.convert(client(url, options(seed).outputSchema(converter.getJsonSchema()))
                    .prompt("A thing").call().content());
            expect(thing.unit() != null, "a unit");
        }
        ChatResponse whole = client(url, options(3).maxTokens(12)).prompt("Call me").call().chatResponse();
        StringBuilder streamed = new StringBuilder();
        client(url, options(3).maxTokens(12)).prompt("Call me").stream().content().toIterable()
                .forEach(streamed::append);
        expect(whole.getResult().getOutput().getText().contentEquals(streamed), "the same text, found " + streamed);
        System.out.println("SpringClient: calls of tools, JSON of a schema, and texts, whole and streamed");
        System.exit(0); // not the threads of the HTTP client
    }

    private static OpenAiChatOptions.Builder options(int seed) {
        return OpenAiChatOptions.builder().model(MODEL).maxTokens(300).seed(seed).maxRetries(0);
    }

    private static ChatClient client(String url, OpenAiChatOptions.Builder options) {
        return ChatClient.create(
                OpenAiChatModel.builder().options(options.baseUrl(url).apiKey("none").build()).build());
    }

    private static void expect(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("expected " + what);
        }
    }
}
