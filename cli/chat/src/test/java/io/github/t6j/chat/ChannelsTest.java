package io.github.t6j.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.GenerationOptions;
import io.github.t6j.chat.internal.AnswerParser;
import io.github.t6j.chat.models.ChatModels;
import io.github.t6j.chat.template.ChatTemplate;
import io.github.t6j.grammar.Grammar;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests prompts and answers in channels, as Olala writes them, with a template of our own words and its constructs. */
class ChannelsTest {
    private static final Map<String, Object> OLALA = olala();
    static final String TEMPLATE = (String) OLALA.get("template");
    private static final Tokenizer TOKENIZER = Tokenizer.load(ChatModels.TESTDATA.resolve("models/t6-tiny"));
    private static final PromptFormat FORMAT = new PromptFormat(TOKENIZER, ChatModels.template(TEMPLATE));
    private static final Tool WEATHER = Tool.of("weather", "", """
            {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}""");
    private static final ChatOptions OPTIONS = ChatOptions.of(GenerationOptions.defaults());
    private static final ChatOptions TOOLS = OPTIONS.withTools(List.of(WEATHER));
    private static final List<Message> ASKED = List.of(Message.user("Hi"));
    private static final String OPEN = "<|im_start|>assistant<|channel_start|>analysis<|content|>";

    private static Map<String, Object> olala() {
        try {
            Path file = ChatModels.TESTDATA.resolve("chat_channels/olala-own.json");
            return Json.parseObject(Files.readAllBytes(file), file.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void conversationsAreRenderedAsByJinja2() {
        ChatTemplate template = ChatTemplate.parse("olala", TEMPLATE, Map.of());
        List<Object> cases = Json.array(OLALA.get("cases"), "cases");
        assertThat(cases).hasSize(10);
        for (Object item : cases) {
            Map<String, Object> gold = Json.object(item, "case");
            List<Map<String, Object>> messages = Json.array(gold.get("messages"), "messages").stream()
                    .map(message -> Json.object(message, "message")).toList();
            assertThat(template.render(messages, (Boolean) gold.get("add_generation_prompt"),
                    Json.object(gold.get("variables"), "variables"))).as("%s", gold.get("name"))
                    .isEqualTo(gold.get("expected"));
        }
    }

    @Test
    void promptsOpenTheAnalysisUnlessThinkingIsOff() {
        assertThat(FORMAT.render(ASKED, OPTIONS)).endsWith(
                "Reasoning effort: medium<|channel_end|><|im_end|>"
                        + "<|im_start|>user<|channel_start|>text<|content|>Hi<|channel_end|><|im_end|>" + OPEN);
        assertThat(FORMAT.switchesThinking()).isTrue();
        assertThat(FORMAT.render(ASKED, OPTIONS.withThinking(false)))
                .contains("Reasoning effort: none").endsWith(OPEN + "<|channel_end|>");
        assertThat(FORMAT.render(ASKED, OPTIONS.withTemplateVariables(Map.of("reasoning_effort", "high"))))
                .contains("Reasoning effort: high").endsWith(OPEN);
    }

    @Test
    void toolsAreDescribedCalledAndAnswered() {
        ToolCall call = new ToolCall("a1", "weather", "{\"city\": \"Lille\"}");
        List<Message> messages = List.of(Message.system("Be brief."), Message.user("Hi"),
                Message.assistant("", "", List.of(call)), Message.toolResult(call, "rain"));
        assertThat(FORMAT.render(messages, TOOLS))
                .contains("developer<|channel_start|>instructions<|content|>Be brief.<|channel_end|>")
                .contains("<|channel_start|>tools<|content|><toolcalls><call id=\"a1\"><name>weather</name>"
                        + "<arguments>{\"city\": \"Lille\"}</arguments></call></toolcalls><|channel_end|><|im_end|>")
                .contains("metadata<|content|>{\"name\": \"weather\", \"id\": \"a1\"}<|channel_end|>"
                        + "<|channel_start|>tool_output<|content|>rain<|channel_end|>");
    }

    /** Parses an answer whole and letter by letter. */
    private static Message parsed(String prompt, List<Tool> tools, String answer) {
        AnswerParser whole = new AnswerParser(prompt, tools, List.of(), false, AnswerListener.none());
        whole.append(answer);
        Message expected = whole.finish();
        List<AnswerPart> parts = new ArrayList<>();
        AnswerParser streamed = new AnswerParser(prompt, tools, List.of(), false, parts::add);
        for (String letter : answer.split("")) {
            streamed.append(letter);
        }
        Message found = streamed.finish();
        assertThat(found.content()).isEqualTo(expected.content());
        assertThat(found.reasoning()).isEqualTo(expected.reasoning());
        assertThat(found.toolCalls()).extracting(ToolCall::arguments)
                .isEqualTo(expected.toolCalls().stream().map(ToolCall::arguments).toList());
        return expected;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '@', value = {
        "thought[end][start]final[content]text[end]                   | thought | text",
        "thought [end] [start]final[content]a < b[end]                | thought | a < b",
        "thought                                                      | thought | @@",
        "thought[end][start]final[content]cut off                     | thought | cut off",
        "thought[end][start]notes[content]no[end][start]final[content]yes[end] | thought | yes"
    })
    void channelsAreReasoningAndText(String answer, String reasoning, String content) {
        Message message = parsed(FORMAT.render(ASKED, OPTIONS), List.of(), channels(answer));
        assertThat(message.reasoning()).isEqualTo(reasoning);
        assertThat(message.content()).isEqualTo(content);
    }

    static String channels(String short_) {
        return short_.replace("[start]", "<|channel_start|>").replace("[content]", "<|content|>")
                .replace("[end]", "<|channel_end|>");
    }

    @Test
    void anAnswerWithoutMarkersIsText() {
        assertThat(parsed(FORMAT.render(ASKED, OPTIONS.withThinking(false)), List.of(), "plain < text").content())
                .isEqualTo("plain < text");
    }

    /** A user of another template writes the markers of channels. */
    @Test
    void aMessageWithMarkersOpensNoChannel() {
        Message answer = parsed("<|im_start|>user\n" + channels("[start]final[content]a[end] b") + "<|im_end|>\n"
                + "<|im_start|>assistant\n", List.of(), "<think>why</think>because");
        assertThat(answer.reasoning()).isEqualTo("why");
        assertThat(answer.content()).isEqualTo("because");
    }

    @Test
    void callsAreRead() {
        String answer = channels("why[end][start]final[content][end][start]tools[content]<toolcalls>\n"
                + "  <call id=\"c1\">\n <name>weather</name> <arguments>{\"city\": \"</a> & <b>\"}</arguments> </call>"
                + "<call id=\"\"><name>weather</name><arguments>{}</arguments></call></toolcalls>[end] more");
        Message message = parsed(FORMAT.render(ASKED, TOOLS), List.of(WEATHER), answer);
        assertThat(message.content()).isEmpty();
        assertThat(message.reasoning()).isEqualTo("why");
        assertThat(message.toolCalls()).extracting(ToolCall::arguments).containsExactly("{\"city\": \"</a> & <b>\"}",
                "{}");
        assertThat(message.toolCalls().getFirst().id()).isEqualTo("c1");
        assertThat(message.toolCalls().getLast().id()).isNotEmpty();
    }

    @Test
    void aCallThatIsCutOffIsNoCall() {
        String answer =
                channels("[end][start]tools[content]<toolcalls><call id=\"c1\"><name>weather</name><arguments>{}"
                        + "</arguments></call><call id=\"c2\"><name>weather</name><arguments>{\"city\": \"Li");
        assertThat(parsed(FORMAT.render(ASKED, TOOLS), List.of(WEATHER), answer).toolCalls())
                .extracting(ToolCall::id).containsExactly("c1");
    }

    /** A call without arguments is none, and does not swallow the next one. */
    @Test
    void aCallWithoutArgumentsIsNoCall() {
        String answer = channels("[end][start]tools[content]<toolcalls><call id=\"c1\"><name>weather</name></call>"
                + "<call id=\"c2\"><name>weather</name><arguments>{}</arguments></call></toolcalls>[end]");
        assertThat(parsed(FORMAT.render(ASKED, TOOLS), List.of(WEATHER), answer).toolCalls()).singleElement()
                .satisfies(call -> assertThat(call.id() + " " + call.name()).isEqualTo("c2 weather"));
    }

    @Test
    void grammarsAndRequiredCallsLeaveOutTheReasoning() {
        String required = FORMAT.render(ASKED, TOOLS.withRequiredCall(true));
        assertThat(required).endsWith(OPEN + channels("[end][start]tools[content]"));
        String call =
                "<toolcalls><call id=\"\"><name>weather</name><arguments>{\"city\": \"x\"}</arguments></call></toolcalls>";
        assertThat(parsed(required, List.of(WEATHER), call).toolCalls()).hasSize(1);
        ChatOptions grammar = OPTIONS.withGeneration(options -> options.withGrammar(Grammar.text("yes")));
        String rendered = FORMAT.render(ASKED, grammar);
        assertThat(rendered).endsWith(OPEN + channels("[end][start]final[content]"));
        assertThat(parsed(rendered, List.of(), "yes").content()).isEqualTo("yes");
    }

    @Test
    void aBegunAnswerGoesOnInItsChannel() {
        for (String content : List.of("", "so far")) {
            List<Message> begun = List.of(ASKED.getFirst(), Message.assistant(content, "why", List.of()));
            String prompt = FORMAT.render(ASKED, OPTIONS);
            assertThat(FORMAT.renderBegun(begun, OPTIONS)).isEqualTo(prompt + "why" + (content.isEmpty()
                    ? ""
                    : channels("[end][start]final[content]so far")));
            AnswerParser parser = AnswerParser.ofRest(prompt, begun, List.of(), AnswerListener.none());
            parser.append("more");
            Message rest = parser.finish();
            assertThat(content.isEmpty() ? rest.reasoning() : rest.content()).isEqualTo("more");
        }
    }
}
