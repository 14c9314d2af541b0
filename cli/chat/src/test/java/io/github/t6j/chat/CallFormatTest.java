package io.github.t6j.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.GenerationOptions;
import io.github.t6j.chat.internal.AnswerParser;
import io.github.t6j.chat.models.ChatModels;
import io.github.t6j.chat.template.ChatTemplate;
import io.github.t6j.grammar.Grammar;
import io.github.t6j.grammar.GrammarMatcher;
import io.github.t6j.grammar.TokenGrammar;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Grammars of required calls, compared with calls as Jinja2 renders them, and read back by the parser. */
class CallFormatTest {
    private static final Tokenizer TOKENIZER = Tokenizer.load(ChatModels.TESTDATA.resolve("models/t6-tiny"));
    private static final ChatOptions OPTIONS = ChatOptions.of(GenerationOptions.defaults());
    private static final Tool WEATHER = Tool.of("get_weather", "", """
            {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
             "required": ["city"]}""");
    private static final Tool CLOCK = Tool.of("clock", "", """
            {"type": "object", "properties": {"zone": {"enum": ["CET", "UTC"], "type": "string"}},
             "required": ["zone"]}""");
    private static final Tool NESTED = Tool.of("nested", "", """
            {"type": "object", "properties": {"tags": {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 3}},
             "required": ["tags"]}""");

    private static Map<String, Object> json(String template) throws IOException {
        return Json.parseObject(
                Files.readAllBytes(ChatModels.TESTDATA.resolve("chat_templates/" + template + ".json")), template);
    }

    private static PromptFormat format(String template) throws IOException {
        Map<String, Object> json = json(template);
        Map<String, String> tokens = new HashMap<>();
        for (String token : List.of("bos_token", "eos_token")) {
            if (json.get(token) instanceof String text) {
                tokens.put(token, text);
            }
        }
        return new PromptFormat(TOKENIZER,
                Optional.of(ChatTemplate.parse(template, (String) json.get("template"), tokens)));
    }

    private static TokenGrammar prepared(Grammar grammar) {
        return grammar.prepare(TOKENIZER, TOKENIZER.size(), Set.of());
    }

    private static boolean matches(Grammar grammar, String text) {
        GrammarMatcher matcher = prepared(grammar).newMatcher();
        for (int id : TOKENIZER.encode(text)) {
            if (!matcher.allows(id)) {
                return false;
            }
            matcher.accept(id);
        }
        return matcher.mayEnd();
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen2.5-instruct", "qwen3", "qwq-32b", "qwen3.5", "mistral-7b-instruct-v0.3",
        "mistral-nemo-instruct-2407", "ministral-3-14b-reasoning-2512"})
    void aCallAsJinja2RendersItIsARequiredCall(String template) throws IOException {
        Map<String, Object> gold = Json.array(json(template).get("cases"), "cases").stream()
                .map(item -> Json.object(item, "case"))
                .filter(item -> item.get("name").equals("tools, call and result"))
                .findFirst().orElseThrow();
        String rendered = (String) gold.get("expected");
        PromptFormat format = format(template);
        int asked = rendered.lastIndexOf("Weather in");
        String tag = format.callTag().isEmpty() ? "<tool_call>" : format.callTag();
        String call = rendered.substring(rendered.indexOf(tag, asked)).split("<\\|im_end|</s>")[0].stripTrailing();
        String answer = call.substring(format.callTag().length());
        assertThat(matches(format.callGrammar(List.of(CLOCK, WEATHER), false), answer)).as(answer).isTrue();
        assertThat(matches(format.callGrammar(List.of(CLOCK), false), answer)).as(answer).isFalse();
        String wrong = answer.replace("2", "two");
        assertThat(matches(format.callGrammar(List.of(CLOCK, WEATHER), false), wrong)).as(wrong).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"qwen3, TAGGED", "smollm3, TAGGED", "qwen3.5, FUNCTION", "mistral-7b-instruct-v0.3, ARRAY",
        "granite-3.1-instruct, LIST", "ministral-3-14b-reasoning-2512, NAMED", "chatml, JSON",
        "llama2-chat-default, JSON"})
    void theFormatIsThatOfTheTemplate(String template, String expected) throws IOException {
        String answer = switch (expected) {
            case "TAGGED" -> "<tool_call>\n{\"name\": \"clock\", \"arguments\": {\"zone\": \"UTC\"}}\n</tool_call>";
            case "FUNCTION" ->
                "<tool_call>\n<function=clock>\n<parameter=zone>\nUTC\n</parameter>\n</function>\n</tool_call>";
            case "ARRAY", "LIST" -> "[{\"name\": \"clock\", \"arguments\": {\"zone\": \"UTC\"}}]";
            case "NAMED" -> "clock[ARGS]{\"zone\": \"UTC\"}";
            default -> "{\"name\": \"clock\", \"arguments\": {\"zone\": \"UTC\"}}";
        };
        assertThat(matches(format(template).callGrammar(List.of(WEATHER, CLOCK), true), answer)).isTrue();
    }

    @Test
    void llamasFormat() {
        PromptFormat format = new PromptFormat(TOKENIZER, ChatModels.template("""
                {% if tools %}{{ tools | tojson }}{% endif %}{% for message in messages %}{{ message.role }}:
                {%- if message.tool_calls %}{% set call = message.tool_calls[0].function %}
                {{- '{"name": "' + call.name + '", "parameters": ' }}{{ call.arguments | tojson }}}{% else %}
                {{- message.content }}{% endif %}{% endfor %}"""));
        assertThat(matches(format.callGrammar(List.of(CLOCK), false),
                "{\"name\": \"clock\", \"parameters\": {\"zone\": \"UTC\"}}")).isTrue();
    }

    /** Random texts of each grammar; the parser finds the calls with arguments of the tool's schema. */
    @ParameterizedTest
    @ValueSource(
            strings = {"qwen3", "qwen3.5", "mistral-nemo-instruct-2407", "granite-3.1-instruct",
                "ministral-3-14b-reasoning-2512", "chatml"})
    void theParserReadsAllTextsOfTheGrammar(String template) throws IOException {
        PromptFormat format = format(template);
        List<Tool> tools = List.of(WEATHER, CLOCK, NESTED);
        TokenGrammar grammar = prepared(format.callGrammar(tools, true));
        int several = 0;
        int begun = 0;
        for (int seed = 0; seed < 200; seed++) {
            String answer = format.callTag() + randomText(grammar.newMatcher(), new Random(seed));
            String where = template + ", seed " + seed + ": " + answer;
            AnswerParser parser = format.newParser("", List.of(), OPTIONS.withTools(tools), AnswerListener.none());
            parser.append(answer);
            Message message = parser.finish();
            assertThat(message.content()).as(where).isEmpty();
            assertThat(message.toolCalls()).as(where).isNotEmpty();
            several += message.toolCalls().size() > 1 ? 1 : 0;
            for (ToolCall call : message.toolCalls()) {
                begun++;
                checkArguments(call, where);
            }
        }
        assertThat(several).isGreaterThan(10);
        assertThat(begun).isGreaterThan(200);
    }

    private static String randomText(GrammarMatcher matcher, Random random) {
        List<Integer> ids = new ArrayList<>();
        while (!matcher.isComplete() && !(matcher.mayEnd() && random.nextInt(4) == 0)) {
            BitSet allowed = matcher.allowed();
            List<Integer> next = new ArrayList<>(List.of(allowed.nextSetBit(random.nextInt(allowed.length()))));
            if (random.nextInt(6) == 0) { // ends a text, since most tokens are letters
                next.addAll(0, Arrays.stream(TOKENIZER.encode(random.nextBoolean() ? "\"" : "\n</parameter>"))
                        .boxed().toList());
            }
            for (int i = 0; i < next.size() && matcher.allows(next.get(i)); i++) {
                ids.add(next.get(i));
                matcher.accept(next.get(i));
            }
            if (ids.size() > 3_000) {
                throw new AssertionError("expected an end, found " + TOKENIZER.decode(
                        ids.stream().mapToInt(Integer::intValue).toArray()));
            }
        }
        return TOKENIZER.decode(ids.stream().mapToInt(Integer::intValue).toArray());
    }

    private static void checkArguments(ToolCall call, String where) {
        assertThat(call.isComplete()).as(where + "\n" + call.arguments()).isTrue();
        Map<String, Object> arguments = Json.object(call.fields().get("function") instanceof Map<?, ?> function
                ? function.get("arguments")
                : null, where);
        switch (call.name()) {
            case "get_weather" -> {
                assertThat(arguments.get("city")).as(where).isInstanceOf(String.class);
                assertThat(arguments.getOrDefault("days", 1L)).as(where).isInstanceOf(Long.class);
                assertThat(Set.of("city", "days")).as(where).containsAll(arguments.keySet());
            }
            case "clock" -> assertThat(arguments.get("zone")).as(where).isIn("CET", "UTC");
            case "nested" ->
                assertThat((List<?>) arguments.get("tags")).as(where).allMatch(List.of("a", "b")::contains);
            default -> throw new AssertionError(where);
        }
    }

    @Test
    void parametersThatAreNotSupportedAreNamed() throws IOException {
        PromptFormat format = format("qwen3");
        assertThatThrownBy(() -> format.callGrammar(List.of(CLOCK, Tool.of("f", "", "{\"type\": \"array\"}")), false))
                .hasMessage("tool f: parameters: type: expected \"object\", found \"array\"");
        assertThatThrownBy(() -> format.callGrammar(
                List.of(Tool.of("f", "", "{\"type\": \"object\", \"minProperties\": 2}")), false))
                .hasMessageStartingWith("tool f: parameters: schema at #").hasMessageContaining("minProperties");
    }

    @Test
    void reasoningComesBeforeTheForm() throws IOException {
        Grammar yes = Grammar.text("yes");
        Reasoning opened = format("qwen3.5").reasoning("<|im_start|>assistant\n<think>\n", OPTIONS);
        assertThat(matches(opened.before(yes), "Hm, <think </thin\n</think>\n\nyes")).isTrue();
        assertThat(matches(opened.before(yes), "yes")).isFalse();
        Reasoning possible = format("qwen3").reasoning("<|im_start|>assistant\n", OPTIONS);
        assertThat(matches(possible.before(yes), "<think>\nHm.\n</think>\n\nyes")).isTrue();
        assertThat(matches(possible.before(yes), "yes")).isTrue();
        for (Reasoning none : List.of(format("qwen3").reasoning("<think>\n\n</think>\n\n", OPTIONS),
                format("qwen3").reasoning("", OPTIONS.withThinking(false)), format("chatml").reasoning("", OPTIONS),
                new PromptFormat(TOKENIZER, Optional.empty()).reasoning("<think>", OPTIONS))) {
            assertThat(none).isEqualTo(Reasoning.none());
            assertThat(none.before(yes)).isSameAs(yes);
        }
    }
}
