package io.github.t6j.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.GenerationOptions;
import io.github.t6j.ModelFormatException;
import io.github.t6j.chat.internal.AnswerParser;
import io.github.t6j.chat.models.ChatModels;
import io.github.t6j.chat.template.ChatTemplate;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Messages, tools and reasoning as the templates of public models render them, compared with Jinja2's texts. */
class PromptFormatTest {
    private static final String CALLED_CASE = "tools, call and result";
    private static final ChatOptions OPTIONS = ChatOptions.of(GenerationOptions.defaults());
    private static final Tool WEATHER = Tool.of("get_weather", "Weather of a city",
            "{\"type\": \"object\", \"properties\": {\"city\": {\"type\": \"string\"}}}");
    private static final List<Message> CALLED = List.of(Message.system("Be brief."), Message.user("Weather in Bern?"),
            Message.assistant("Let me see.", "",
                    List.of(new ToolCall("abc123def", "get_weather", "{\"city\":\"Bern\"}"))),
            Message.toolResult("abc123def", "get_weather", "{\"temp\": 21}"), Message.user("And so?"));

    @TempDir
    private Path folder;
    private Tokenizer tokenizer;

    @BeforeEach
    void makeTokenizer() throws IOException {
        tokenizer = Tokenizer.load(ChatModels.tokenizer(folder).getParent());
    }

    static List<Path> templates() throws IOException {
        try (Stream<Path> files = Files.list(ChatModels.TESTDATA.resolve("chat_templates"))) {
            return files.sorted().toList();
        }
    }

    private static Map<String, Object> json(Path file) throws IOException {
        return Json.parseObject(Files.readAllBytes(file), file.toString());
    }

    private PromptFormat format(Map<String, Object> json) {
        Map<String, String> tokens = new HashMap<>();
        for (String token : List.of("bos_token", "eos_token")) {
            if (json.get(token) instanceof String text) {
                tokens.put(token, text);
            }
        }
        return new PromptFormat(tokenizer, Optional.of(
                ChatTemplate.parse((String) json.get("name"), (String) json.get("template"), tokens)));
    }

    /** Every conversation that messages can express and that asks for an answer; one names today's date. */
    @ParameterizedTest
    @MethodSource("templates")
    void conversationsAreRenderedAsByJinja2(Path file) throws IOException {
        Map<String, Object> json = json(file);
        PromptFormat format = format(json);
        int compared = 0;
        int withTools = 0;
        for (Object item : Json.array(json.get("cases"), "cases")) {
            Map<String, Object> gold = Json.object(item, "case");
            List<Message> messages = new ArrayList<>();
            try {
                for (Object message : Json.array(gold.get("messages"), "messages")) {
                    messages.add(Message.from(message, "message"));
                }
            } catch (ModelFormatException other) {
                continue; // a role or content that messages do not have
            }
            boolean dated = ((String) json.get("template")).contains("strftime_now");
            if (gold.get("add_generation_prompt").equals(true) && gold.get("expected") instanceof String expected) {
                String leftOut = gold.get("name").equals(CALLED_CASE) ? leftOut(file) : "";
                String rendered = format.render(messages, options(gold));
                assertThat(rendered.substring(0, rendered.indexOf(leftOut)))
                        .endsWith(leftOut.isEmpty()
                                ? ""
                                : file.endsWith("smollm3.json") ? "assistant\n" : "assistant<|end_of_role|>");
                assertThat(undated(rendered.replace(leftOut, ""), dated)).as("%s", gold.get("name"))
                        .isEqualTo(undated(expected, dated));
                compared++;
                withTools += gold.containsKey("tools") ? 1 : 0;
            }
        }
        assertThat(compared).isGreaterThan(5);
        assertThat(withTools > 0).isEqualTo(format.hasTools());
    }

    /** Returns the call that a template leaves out, in the format that it asks for; "" for other templates. */
    private static String leftOut(Path file) {
        String call = "{\"name\": \"get_weather\", \"arguments\": {\"city\":\"Zürich\",\"days\":2}}";
        return file.endsWith("smollm3.json")
                ? "<tool_call>\n" + call + "\n</tool_call>"
                : file.endsWith("granite-3.1-instruct.json") ? "<|tool_call|>[" + call + "]" : "";
    }

    /** A begun answer follows Jinja2's prompt of that answer, after its reasoning. */
    @ParameterizedTest
    @MethodSource("templates")
    void begunAnswersFollowTheirPrompt(Path file) throws IOException {
        Map<String, Object> json = json(file);
        PromptFormat format = format(json);
        List<Message> messages = List.of(Message.user("Hi"));
        String prompt = format.render(messages, OPTIONS);
        boolean opened = prompt.endsWith("<think>\n");
        assertThat(begun(format, messages, "", "Hel")).isEqualTo(prompt + (opened ? "\n</think>\n\nHel" : "Hel"));
        assertThat(begun(format, messages, "why", "")).isEqualTo(prompt + (opened ? "why" : "<think>\nwhy"));
        assertThat(begun(format, messages, "why", "Hel"))
                .isEqualTo(prompt + (opened ? "" : "<think>\n") + "why\n</think>\n\nHel");
    }

    private static String begun(PromptFormat format, List<Message> messages, String reasoning, String content) {
        List<Message> all = new ArrayList<>(messages);
        all.add(Message.assistant(content, reasoning, List.of()));
        return format.renderBegun(all, OPTIONS);
    }

    @ParameterizedTest
    @CsvSource({"why, '', ' not</think>\n\nYes', ' not', Yes", "why, Ye, 's, no', '', 's, no'",
        "'', Ye, ' s<think>a</think>b', a, ' sb'"})
    void theRestOfAnAnswerIsParsed(String reasoning, String content, String rest, String reasonedRest,
            String textRest) {
        PromptFormat format = new PromptFormat(tokenizer, Optional.empty());
        List<Message> messages = List.of(Message.user("Hi"), Message.assistant(content, reasoning, List.of()));
        for (String[] pieces : List.of(new String[] {rest}, rest.split(""))) {
            AnswerParser parser = AnswerParser.ofRest(
                    format.render(messages.subList(0, 1), OPTIONS), messages, OPTIONS.tools(), AnswerListener.none());
            List.of(pieces).forEach(parser::append);
            Message parsed = parser.finish();
            assertThat(parsed.reasoning()).isEqualTo(reasonedRest);
            assertThat(parsed.content()).isEqualTo(textRest);
        }
    }

    @Test
    void aGeneratedTextBecomesAMessage() {
        PromptFormat format = new PromptFormat(tokenizer, Optional.empty());
        assertThat(format.answer("", List.of(Message.user("Hi")), OPTIONS, "<think>\nwhy</think>\n\nYes"))
                .isEqualTo(Message.assistant("Yes", "why", List.of()));
    }

    private static String undated(String text, boolean dated) {
        return dated ? text.replaceAll("\\d{1,2} \\w+ \\d{4}|\\w+ \\d\\d, \\d{4}|\\d{4}-\\d\\d-\\d\\d", "DATE") : text;
    }

    private static ChatOptions options(Map<String, Object> gold) {
        List<Tool> tools = new ArrayList<>();
        if (gold.get("tools") != null) {
            for (Object tool : Json.array(gold.get("tools"), "tools")) {
                Map<String, Object> function = Json.object(Json.object(tool, "tool").get("function"), "function");
                tools.add(new Tool((String) function.get("name"), (String) function.get("description"),
                        Json.object(function.get("parameters"), "parameters")));
            }
        }
        ChatOptions options = OPTIONS.withTools(tools);
        return gold.get("enable_thinking") instanceof Boolean thinking ? options.withThinking(thinking) : options;
    }

    /** Jinja2's texts have the messages' calls; the templates of SmolLM3 and Granite leave calls out. */
    @ParameterizedTest
    @MethodSource("templates")
    void callsAreParsedAsTemplatesRenderThem(Path file) throws IOException {
        for (Object item : Json.array(json(file).get("cases"), "cases")) {
            Map<String, Object> gold = Json.object(item, "case");
            if (!gold.get("name").equals(CALLED_CASE) || !leftOut(file).isEmpty()) {
                continue;
            }
            Message called = Json.array(gold.get("messages"), "messages").stream()
                    .map(message -> Message.from(message, "message")).filter(message -> !message.toolCalls().isEmpty())
                    .findFirst().orElseThrow();
            String rendered = (String) gold.get("expected");
            int asked = rendered.lastIndexOf("Weather in");
            String answer = rendered.substring(rendered.indexOf("[TOOL_CALLS]", asked) < 0
                    ? rendered.indexOf("<tool_call>", asked)
                    : rendered.indexOf("[TOOL_CALLS]", asked)).split("<\\|im_end|</s>")[0];
            for (String[] pieces : List.of(new String[] {answer}, answer.split(""))) {
                AnswerParser parser = new AnswerParser(
                        "", options(gold).tools(), List.of(), false, AnswerListener.none());
                List.of(pieces).forEach(parser::append);
                Message parsed = parser.finish();
                assertThat(parsed.content()).isEmpty();
                assertThat(parsed.toolCalls()).extracting(ToolCall::function)
                        .isEqualTo(called.toolCalls().stream().map(ToolCall::function).toList());
            }
        }
    }

    @Test
    void withoutATemplateToolsAreJsonBeforeThePrompt() {
        PromptFormat format = new PromptFormat(tokenizer, Optional.empty());
        String instructions = """
                You can call these tools. Each has a name, a description and a JSON Schema of its parameters:
                {"name":"get_weather","description":"Weather of a city","parameters":\
                {"type":"object","properties":{"city":{"type":"string"}}}}
                To call a tool, answer with JSON only: {"name": "NAME", "arguments": {"PARAMETER": VALUE}}.\
                 You will receive its result.

                """;
        assertThat(format.render(List.of(Message.user("a")), OPTIONS.withTools(WEATHER)))
                .isEqualTo(instructions + "a\n\n");
        assertThat(format.render(CALLED, OPTIONS.withTools(WEATHER))).isEqualTo(instructions + """
                Be brief.

                Weather in Bern?

                Let me see.
                {"name":"get_weather","arguments":{"city":"Bern"}}

                Result of get_weather: {"temp": 21}

                And so?

                """);
        assertThat(format.render(List.of(Message.user("a")), OPTIONS)).isEqualTo("a\n\n");
    }

    @Test
    void whereATemplateHasNoToolsTheSystemMessageHas() {
        PromptFormat format = new PromptFormat(tokenizer, ChatModels.template(ChatModels.CHATML));
        assertThat(format.hasTools()).isFalse();
        assertThat(format.render(CALLED, OPTIONS.withTools(WEATHER)))
                .startsWith("<|im_start|>system\nYou can call these tools.")
                .endsWith("""
                         You will receive its result.

                        Be brief.<|im_end|>
                        <|im_start|>user
                        Weather in Bern?<|im_end|>
                        <|im_start|>assistant
                        Let me see.
                        {"name":"get_weather","arguments":{"city":"Bern"}}<|im_end|>
                        <|im_start|>user
                        Result of get_weather: {"temp": 21}

                        And so?<|im_end|>
                        <|im_start|>assistant
                        """);
    }

    /** Llama 2's template refuses two messages of one role, and Mistral's first one a system message. */
    @Test
    void withoutTheRoleOfTheSystemTheFirstMessageHasTheTools() throws IOException {
        PromptFormat format = format(json(ChatModels.TESTDATA.resolve("chat_templates/mistral-7b-instruct-v0.1.json")));
        String rendered = format.render(CALLED.subList(1, 5), OPTIONS.withTools(WEATHER));
        assertThat(rendered).contains("[INST] You can call these tools.").contains("\n\nWeather in Bern? [/INST]");
    }

    /** Reasoning is where a template looks for it: Qwen 3 has a field of its own, ChatML knows only the text. */
    @Test
    void reasoningIsWhereTheTemplateLooksForIt() throws IOException {
        List<Message> messages = List.of(Message.user("a"), Message.assistant("b", "hm", List.of()),
                Message.toolResult("", "f", "c"));
        String thought = "<|im_start|>assistant\n<think>\nhm\n</think>\n\nb<|im_end|>\n";
        assertThat(format(json(ChatModels.TESTDATA.resolve("chat_templates/qwen3.json"))).render(messages, OPTIONS))
                .contains(thought);
        assertThat(new PromptFormat(tokenizer, ChatModels.template(ChatModels.CHATML)).render(messages, OPTIONS))
                .contains(thought);
    }
}
