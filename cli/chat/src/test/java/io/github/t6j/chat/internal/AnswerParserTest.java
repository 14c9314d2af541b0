package io.github.t6j.chat.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.chat.AnswerListener;
import io.github.t6j.chat.AnswerPart;
import io.github.t6j.chat.Message;
import io.github.t6j.chat.Tool;
import io.github.t6j.chat.ToolCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Text, reasoning and tool calls are separated, wherever the pieces of an answer end. */
class AnswerParserTest {
    private static final Tool WEATHER = new Tool("weather", "", Map.of("properties", Map.of(
            "city", Map.of("type", "string"), "days", Map.of("type", "integer"))));
    private static final List<Tool> TOOLS = List.of(WEATHER, new Tool("now", "", Map.of()));

    /** Returns the answer with reasoning in [] and calls as ⟨id name arguments⟩; the parts must agree with it. */
    private static String parsed(List<Tool> tools, String prompt, String... pieces) {
        StringBuilder text = new StringBuilder();
        StringBuilder reasoning = new StringBuilder();
        List<StringBuilder> begun = new ArrayList<>();
        List<ToolCall> ended = new ArrayList<>();
        StringBuilder order = new StringBuilder();
        AnswerParser parser = new AnswerParser(prompt, tools, List.of(), false, part -> {
            switch (part) {
                case AnswerPart.Text(String piece) -> {
                    assertThat(piece).isNotEmpty();
                    text.append(piece);
                    order.append(piece);
                }
                case AnswerPart.Reasoning(String piece) -> {
                    assertThat(piece).isNotEmpty();
                    reasoning.append(piece);
                    order.append(piece.replaceAll("(?s).", "·"));
                }
                case AnswerPart.CallBegun(int index, String id, String name) -> {
                    assertThat(index).isEqualTo(begun.size());
                    begun.add(new StringBuilder());
                    order.append("⟨" + id.replaceFirst("call0000", "") + " " + name + " ");
                }
                case AnswerPart.Arguments(int index, String piece) -> {
                    assertThat(index).isEqualTo(begun.size() - 1);
                    assertThat(piece).isNotEmpty();
                    begun.get(index).append(piece);
                    order.append(piece);
                }
                case AnswerPart.CallEnded(int index, ToolCall call) -> {
                    assertThat(index).isEqualTo(ended.size()).isEqualTo(begun.size() - 1);
                    assertThat(call.arguments()).isEqualTo(begun.get(index).toString());
                    ended.add(call);
                    order.append("⟩");
                }
            }
        });
        for (String piece : pieces) {
            parser.append(piece);
        }
        Message message = parser.finish();
        assertThat(message.content()).isEqualTo(text.toString());
        assertThat(message.reasoning()).isEqualTo(reasoning.toString());
        assertThat(message.toolCalls()).isEqualTo(ended).hasSameSizeAs(begun);
        return order + (reasoning.isEmpty() ? "" : " [" + reasoning + "]");
    }

    private static void check(List<Tool> tools, String answer, String expected) {
        String text = answer.translateEscapes();
        assertThat(parsed(tools, "", text)).isEqualTo(expected.translateEscapes());
        assertThat(parsed(tools, "", text.split(""))).as("letter by letter").isEqualTo(expected.translateEscapes());
    }

    /** A model may leave out closing tags; nothing that it wrote is lost, and no call swallows another. */
    @Test
    void missingTagsLoseNothing() {
        check(TOOLS, "<tool_call>{\"name\": \"now\"}\\nIt is noon.", "⟨0 now {}⟩\\nIt is noon.");
        check(TOOLS, "<tool_call>{\"name\": \"now\"}\\n", "⟨0 now {}⟩");
        check(TOOLS, "<tool_call>{\"name\": \" \"}</tool_call>", "<tool_call>{\"name\": \" \"}</tool_call>");
        check(TOOLS, "<tool_call>\\n<function=weather>\\n<parameter=city>Bern\\n</function>\\n</tool_call>\\n"
                + "<tool_call>\\n<function=weather>\\n<parameter=city>Zug</parameter>\\n</function>\\n</tool_call>",
                "⟨0 weather {\"city\": \"Bern\"}⟩⟨1 weather {\"city\": \"Zug\"}⟩");
    }

    /** Ids of calls are unique in a conversation, also if the model repeats one or writes one that t6j would choose. */
    @Test
    void idsOfCallsAreUnique() {
        Message earlier = Message.assistant("", "", List.of(new ToolCall("abcdefghi", "now", "{}")));
        AnswerParser parser = new AnswerParser("", TOOLS, List.of(earlier), false, AnswerListener.none());
        parser.append(
                "[TOOL_CALLS][{\"id\": \"abcdefghi\", \"name\": \"now\"}, {\"id\": \"call00001\", \"name\": \"now\"},"
                        + " {\"name\": \"now\"}, {\"id\": \"call00001\", \"name\": \"now\"}, {\"id\": \"xyz\", \"name\": \"now\"}]");
        assertThat(parser.finish().toolCalls()).extracting(ToolCall::id)
                .containsExactly("call00000", "call00001", "call00002", "call00003", "xyz");
    }

    /** JSON of a grammar may contain anything in its strings. */
    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', delimiter = '¦', textBlock = """
            `{"a": "<think>b</think>"}`                 ¦ `{"a": "<think>b</think>"}`    ¦ ``
            `{"a": "<tool_call>{}[TOOL_CALLS]"}`        ¦ `{"a": "<tool_call>{}[TOOL_CALLS]"}` ¦ ``
            `<think>\n{</think>\n\n{"a": "<think>"}` ¦ `{"a": "<think>"}`             ¦ `{`
            ` <tool_call>{"name": "now"}</tool_call>`   ¦ ``                             ¦ ``
            """)
    void withAGrammarOnlyTagsBeforeTheTextCount(String answer, String text, String reasoning) {
        for (String[] pieces : List.of(new String[] {answer.translateEscapes()}, answer.translateEscapes().split(""))) {
            AnswerParser parser = new AnswerParser("", TOOLS, List.of(), true, AnswerListener.none());
            List.of(pieces).forEach(parser::append);
            Message message = parser.finish();
            assertThat(message.content()).isEqualTo(text);
            assertThat(message.reasoning()).isEqualTo(reasoning);
            assertThat(message.toolCalls()).hasSize(text.isEmpty() ? 1 : 0);
        }
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', textBlock = """
            `plain`,                                   `plain`
            ` \\n plain\\n`,                           ` \\n plain\\n`
            `<think>a</think>b`,                       `·b [a]`
            `\\n<think>\\na b\\n</think>\\n\\nc`,      `···c [a b]`
            `[THINK]a[/THINK]b`,                       `·b [a]`
            `[THINK]a</think>b`,                       `·········· [a</think>b]`
            `x<think>a</think>b<think>c`,              `x·b· [ac]`
            `a < b <thin c <think`,                    `a < b <thin c <think`
            `</think>a`,                               `</think>a`
            `<<think>a<</think>b`,                     `<··b [a<]`
            `<think><think></think>`,                  `······· [<think>]`
            `<tool_call>{"name": "now"}</tool_call>`,  `<tool_call>{"name": "now"}</tool_call>`
            `{"name": "now", "arguments": {}}`,        `{"name": "now", "arguments": {}}`
            """)
    void reasoningIsApart(String answer, String expected) {
        check(List.of(), answer, expected);
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', delimiter = '¦', textBlock = """
            `plain `                                               ¦ `plain `
            `<tool_call>\\n{"name": "now", "arguments": {}}\\n</tool_call>` ¦ `⟨0 now {}⟩`
            `Let me see.\\n<tool_call>{"name": "weather", "arguments": {"city": "Z\\\\"}", "days": 2}}</tool_call>\\n<tool_call>\\n{"name": "now"}\\n</tool_call>\\n` ¦ `Let me see.⟨0 weather {"city": "Z\\\\"}", "days": 2}⟩⟨1 now {}⟩`
            `<think>\\nhm {"name"\\n</think>\\n\\n<tool_call>{"arguments": {"a": [1, {"b": "]"}]}, "name": "f"}</tool_call>` ¦ `··········⟨0 f {"a": [1, {"b": "]"}]}⟩ [hm {"name"]`
            `<tool_call>{"name": "f", "arguments": "{\\\\"a\\\\": 1}"}</tool_call>ok` ¦ `⟨0 f {"a": 1}⟩ok`
            `<tool_call>{"name": "f", "arguments": null, "id": 7}}</tool_call>ok` ¦ `⟨0 f {}⟩ok`
            `<tool_call>[{"name": "f"}, {"id": "x1", "name": "g"}]</tool_call>` ¦ `⟨0 f {}⟩⟨x1 g {}⟩`
            `<tool_call>none of them</tool_call>`                  ¦ `<tool_call>none of them</tool_call>`
            `<tool_call>{"arguments": {"a": 1}}</tool_call> end`   ¦ `<tool_call>{"arguments": {"a": 1}}</tool_call> end`
            `<tool_call>{'name': 'now'}</tool_call>`               ¦ `<tool_call>{'name': 'now'}</tool_call>`
            `a <tool_call>[]</tool_call> b`                        ¦ `a <tool_call>[]</tool_call> b`
            `<tool_call>{"name": "f", "arguments": {"a": "b`       ¦ `⟨0 f {"a": "b⟩`
            `<tool_call>{"name": "f`                               ¦ `<tool_call>{"name": "f`
            `<tool_call>`                                          ¦ `<tool_call>`
            `a <tool_ca`                                           ¦ `a <tool_ca`
            `<tool_call>{"name": "f", "arguments": {}} </b> </tool_call>c` ¦ `⟨0 f {}⟩c`
            """)
    void callsOfHermes(String answer, String expected) {
        check(TOOLS, answer, expected);
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', delimiter = '¦', textBlock = """
            `<tool_call>\\n<function=weather>\\n<parameter=city>\\nZürich\\n</parameter>\\n<parameter=days>\\n2\\n</parameter>\\n</function>\\n</tool_call>` ¦ `⟨0 weather {"city": "Zürich", "days": 2}⟩`
            `<tool_call><function=weather><parameter=city>\\n\\na "b"\\n\\n</parameter><parameter=days>two</parameter></function></tool_call>\\n\\n<tool_call><function=now></function></tool_call>x` ¦ `⟨0 weather {"city": "\\\\na \\\\"b\\\\"\\\\n", "days": "two"}⟩⟨1 now {}⟩x`
            `<tool_call><function=weather><parameter=city>Bern`    ¦ `⟨0 weather {⟩`
            `<tool_call><function=weat`                            ¦ `<tool_call><function=weat`
            `<tool_call><func>`                                    ¦ `<tool_call><func>`
            """)
    void callsOfQwenInTags(String answer, String expected) {
        check(TOOLS, answer, expected);
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', delimiter = '¦', textBlock = """
            `[TOOL_CALLS] [{"name": "now", "arguments": {"a": []}, "id": "abc123def"}]` ¦ `⟨0 now {"a": []}⟩`
            `ok [TOOL_CALLS][{"name": "f"}, {"name": "g", "arguments": {"x": 1}}]`     ¦ `ok⟨0 f {}⟩⟨1 g {"x": 1}⟩`
            `[TOOL_CALLS]now[ARGS]{"a": "{"}`                      ¦ `⟨0 now {"a": "{"}⟩`
            `[THINK]a[/THINK][TOOL_CALLS]f-1[CALL_ID]abc123def[ARGS]{}[TOOL_CALLS]g{"b": 1}` ¦ `·⟨abc123def f-1 {}⟩⟨0 g {"b": 1}⟩ [a]`
            `[TOOL_CALLS]f[ARGS]{"a": `                            ¦ `⟨0 f {"a": ⟩`
            `[TOOL_CALLS]f[ARGS] none`                             ¦ `[TOOL_CALLS]f[ARGS] none`
            `[1, 2] [TOOL_`                                        ¦ `[1, 2] [TOOL_`
            """)
    void callsOfMistral(String answer, String expected) {
        check(TOOLS, answer, expected);
    }

    /** Granite's end with the answer, and Phi-4-mini's with a tag. */
    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', delimiter = '¦', textBlock = """
            `<|tool_call|>[{"name": "now", "arguments": {"a": []}}]` ¦ `⟨0 now {"a": []}⟩`
            `ok <|tool_call|> [{"name": "f", "arguments": {}}, {"name": "g", "arguments": {"x": 1}}]` ¦ `ok⟨0 f {}⟩⟨1 g {"x": 1}⟩`
            `<|tool_call|>[{"name": "now", "arguments": {}}]<|/tool_call|>` ¦ `⟨0 now {}⟩`
            `<|tool_call|>[{"name": "now", "arguments": {"a": ` ¦ `⟨0 now {"a": ⟩`
            `<|tool_call|>[{"name": "f", "arguments": {}}, ` ¦ `⟨0 f {}⟩`
            `<|tool_call|>[{"name": "f", "arguments": {}}] done` ¦ `⟨0 f {}⟩done`
            `<|tool_call|>[]`                              ¦ `<|tool_call|>[]`
            `<|tool_call|> none`                           ¦ `<|tool_call|> none`
            """)
    void callsInAList(String answer, String expected) {
        check(TOOLS, answer, expected);
    }

    /** Digits are a text where the schema allows texts, but no numbers: as Pydantic writes an optional text. */
    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', delimiter = '¦', textBlock = """
            `{"type": "string"}`                                         ¦ `8001`  ¦ `"8001"`
            `{"anyOf": [{"type": "string"}, {"type": "null"}]}`          ¦ `8001`  ¦ `"8001"`
            `{"anyOf": [{"type": "string"}, {"type": "null"}]}`          ¦ `null`  ¦ `null`
            `{"type": ["string", "null"]}`                               ¦ `true`  ¦ `"true"`
            `{"oneOf": [{"type": "string"}, {"type": "integer"}]}`       ¦ `8001`  ¦ `8001`
            `{"oneOf": [{"type": "string"}, {"type": "integer"}]}`       ¦ `0.5`   ¦ `"0.5"`
            `{"$ref": "#/$defs/Size"}`                                   ¦ `38`    ¦ `"38"`
            `{"anyOf": [{"$ref": "#/$defs/Size"}, {"type": "null"}]}`    ¦ `38`    ¦ `"38"`
            `{"enum": ["1", 2]}`                                         ¦ `1`     ¦ `"1"`
            `{"enum": ["1", 2]}`                                         ¦ `2`     ¦ `2`
            `{"allOf": [{"$ref": "#/$defs/Size"}], "default": "40"}`      ¦ `38`    ¦ `"38"`
            `{"type": "string", "anyOf": [{"pattern": "."}, {}]}`        ¦ `38`    ¦ `"38"`
            `{"const": "7"}`                                             ¦ `7`     ¦ `"7"`
            `{"type": "integer"}`                                        ¦ `two`   ¦ `"two"`
            `{"$ref": "#/$defs/Loop"}`                                   ¦ `3`     ¦ `3`
            `{}`                                                         ¦ `[1]`   ¦ `[1]`
            """)
    void valuesInTagsFitTheSchema(String schema, String value, String expected) {
        Tool tool = Tool.of("f", "", """
                {"type": "object", "properties": {"a": %s}, "$defs": {"Size": {"type": "string", "enum": ["38", "40"]},
                 "Loop": {"anyOf": [{"$ref": "#/$defs/Loop"}]}}}""".formatted(schema));
        check(List.of(tool),
                "<tool_call>\n<function=f>\n<parameter=a>\n" + value + "\n</parameter>\n</function>\n</tool_call>",
                "⟨0 f {\"a\": " + expected + "}⟩");
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', delimiter = '¦', textBlock = """
            `{"name": "now", "parameters": {"a": 1}}`              ¦ `⟨0 now {"a": 1}⟩`
            `<|python_tag|>{"type": "function", "name": "now", "parameters": {}}; {"name": "weather"}` ¦ `⟨0 now {}⟩⟨1 weather {}⟩`
            `\\n{"name": "other", "arguments": {}}`                ¦ `\\n{"name": "other", "arguments": {}}`
            `{"title": "x", "name": "now"}`                        ¦ `{"title": "x", "name": "now"}`
            `{"name": "now"} is it`                                ¦ `⟨0 now {}⟩is it`
            `{"name": "now"}\\n{"title": 1}`                       ¦ `⟨0 now {}⟩{"title": 1}`
            `see {"name": "now"}`                                  ¦ `see {"name": "now"}`
            `{"name": ["now"]}`                                    ¦ `{"name": ["now"]}`
            `{"arguments": {"a": 1}, "name": "nowhere"}`           ¦ `{"arguments": {"a": 1}, "name": "nowhere"}`
            `[1, 2]`                                               ¦ `[1, 2]`
            `{`                                                    ¦ `{`
            `<think>a</think> {"name": "now"}`                     ¦ `·⟨0 now {}⟩ [a]`
            """)
    void callsInPlainJson(String answer, String expected) {
        check(TOOLS, answer, expected);
    }

    @Test
    void fencesAreNotText() {
        check(TOOLS, "```json\\n[{\"name\": \"now\"}, {\"name\": \"now\", \"arguments\": {\"b\": 2}}]\\n```",
                "⟨0 now {}⟩⟨1 now {\"b\": 2}⟩");
        check(TOOLS, "```\\ncode\\n```", "```\\ncode\\n```");
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', textBlock = """
            `assistant: `,                    `a</think>b`
            `assistant: <think>\\n`,          `·b [a]`
            `assistant: [THINK]`,             `·········· [a</think>b]`
            `<think>\\n\\n</think>\\n`,       `a</think>b`
            `say <think> to it`,              `a</think>b`
            """)
    void aRenderedTextMayOpenReasoning(String prompt, String expected) {
        assertThat(parsed(TOOLS, prompt.translateEscapes(), "a</think>b")).isEqualTo(expected);
    }

    @Test
    void idsAreNotUsedTwice() {
        List<Message> earlier = List.of(
                Message.assistant("", "", List.of(new ToolCall("call00000", "f", "{}"), new ToolCall("x", "f", "{}"))));
        AnswerParser parser = new AnswerParser("", TOOLS, earlier, false, AnswerListener.none());
        parser.append("{\"name\": \"now\"}{\"name\": \"now\"}");
        assertThat(parser.finish().toolCalls()).extracting(ToolCall::id).containsExactly("call00001", "call00002");
    }

    /** Arguments arrive while they are generated, not at the end of the call. */
    @Test
    void argumentsAreStreamed() {
        List<AnswerPart> parts = new ArrayList<>();
        AnswerParser parser = new AnswerParser("", TOOLS, List.of(), false, parts::add);
        parser.append("<tool_call>{\"name\": \"f\", \"argu");
        assertThat(parts).containsExactly(new AnswerPart.CallBegun(0, "call00000", "f"));
        parser.append("ments\": {\"a\": \"xy");
        parser.append("z\"");
        assertThat(parts.subList(1, 3)).containsExactly(
                new AnswerPart.Arguments(0, "{\"a\": \"xy"), new AnswerPart.Arguments(0, "z\""));
        parser.append("}}");
        assertThat(parts.getLast()).isEqualTo(
                new AnswerPart.CallEnded(0, new ToolCall("call00000", "f", "{\"a\": \"xyz\"}")));
    }

    @Test
    void aCallIsCompleteIfItsArgumentsAreAnObject() {
        assertThat(new ToolCall("a", "f", "{\"a\": 1}").isComplete()).isTrue();
        assertThat(new ToolCall("a", "f", "{\"a\": 1").isComplete()).isFalse();
        assertThat(new ToolCall("a", "f", "[]").isComplete()).isFalse();
    }

    @RepeatedTest(4000)
    void anyPiecesGiveTheSame(RepetitionInfo info) {
        Random random = new Random(info.getCurrentRepetition());
        StringBuilder text = new StringBuilder();
        String[] words =
                {"<think>", "</think>", "<", "th", "ink>", "/", "a b", " ", "\n", "<tool_call>", "</tool_call>",
                    "{\"name\": \"now\"", ", \"arguments\": ", "{\"x\": \"y\"}", "}", "{", "[TOOL_CALLS]", "[", "]",
                    "now", "[ARGS]",
                    "<function=now>", "<parameter=a>", "</parameter>", "</function>", "\"", "```json", "<|python_tag|>",
                    "name"};
        for (int i = 0; i < 14; i++) {
            text.append(words[random.nextInt(words.length)]);
        }
        String whole = text.toString();
        List<String> pieces = new ArrayList<>();
        for (int at = 0; at < whole.length();) {
            int end = Math.min(whole.length(), at + 1 + random.nextInt(9));
            pieces.add(whole.substring(at, end));
            at = end;
        }
        List<Tool> tools = random.nextInt(4) == 0 ? List.of() : TOOLS;
        assertThat(parsed(tools, "", pieces.toArray(String[]::new))).as("seed " + info.getCurrentRepetition() + ": "
                + whole).isEqualTo(parsed(tools, "", whole));
    }
}
