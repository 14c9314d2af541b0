package io.github.t6j.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.chat.ConversationEncoder.Document;
import io.github.t6j.chat.ConversationEncoder.Encoded;
import io.github.t6j.chat.models.ChatModels;
import io.github.t6j.chat.template.ChatTemplate;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.tokenizer.TokenStream;
import io.github.t6j.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Documents of conversations: chat has the same ids, and the assistant's ids are scored. */
class ConversationEncoderTest {
    private static final String WHERE = "talk.jsonl, line 7";
    private static final int CONTEXT = 500;
    private static final Message HI = Message.user("Hi");
    private static final Message HELLO = Message.assistant("Hello!");
    private static final List<Message> TURNS = List.of(HI, Message.assistant("Hello! How can I help?"),
            Message.user("Tell me a joke."), Message.assistant("Why did the chicken cross the road?"));
    private static final Tool WEATHER = Tool.of("get_weather", "Weather of a city", "{\"type\": \"object\"}");

    @TempDir
    private Path folder;

    private Tokenizer unpacked(String name) throws IOException {
        Path from = ChatModels.TESTDATA.resolve("tokenizers").resolve(name);
        try (InputStream in = new GZIPInputStream(Files.newInputStream(from.resolve("tokenizer.json.gz")))) {
            Files.copy(in, folder.resolve("tokenizer.json"));
        }
        Files.copy(from.resolve("tokenizer_config.json"), folder.resolve("tokenizer_config.json"));
        return Tokenizer.load(folder);
    }

    private static Map<String, Object> template(String name) throws IOException {
        Path file = ChatModels.TESTDATA.resolve("chat_templates").resolve(name + ".json");
        return Json.parseObject(Files.readAllBytes(file), name);
    }

    private static ChatTemplate parsed(Map<String, Object> json) {
        Map<String, String> tokens = new HashMap<>();
        for (String token : List.of("bos_token", "eos_token")) {
            if (json.get(token) instanceof String text) {
                tokens.put(token, text);
            }
        }
        return ChatTemplate.parse((String) json.get("name"), (String) json.get("template"), tokens);
    }

    private static ConversationEncoder encoder(Tokenizer tokenizer, String template, int context) {
        return new ConversationEncoder(tokenizer, ChatTemplate.parse("own.jinja", template, Map.of()), context);
    }

    private static Conversation plain(List<Message> messages) {
        return new Conversation(messages, List.of());
    }

    /** Returns the texts of the stretches of scored ids. */
    private static List<String> scored(Tokenizer tokenizer, Encoded encoded) {
        List<String> texts = new ArrayList<>();
        for (Document document : encoded.documents()) {
            for (int from = 0, to; from < document.ids().length; from = to) {
                to = from;
                while (to < document.ids().length && document.scored()[to] == document.scored()[from]) {
                    to++;
                }
                if (document.scored()[from]) {
                    TokenStream text = tokenizer.newContinuation();
                    StringBuilder whole = new StringBuilder();
                    for (int i = from; i < to; i++) {
                        whole.append(text.append(document.ids()[i]));
                    }
                    texts.add(whole.toString());
                }
            }
        }
        return texts;
    }

    private static String rendered(Map<String, Object> json, String name) {
        return Json.array(json.get("cases"), "cases").stream().map(item -> Json.object(item, "case"))
                .filter(item -> item.get("name").equals(name)).map(item -> (String) item.get("expected")).findFirst()
                .orElseThrow();
    }

    /** The text of the document is Jinja2's, whose last turn is cut off; only the answers and their ends are scored. */
    @ParameterizedTest
    @CsvSource(ignoreLeadingAndTrailingWhitespace = false, value = {"chatml,qwen3,,<|im_end|>",
        "qwen2.5-instruct,qwen3,,<|im_end|>", "smollm2-instruct,smollm2,,<|im_end|>",
        "llama3-own,llama3-small,,<|eot_id|>", "mistral-7b-instruct-v0.3,mistral-v0.3, , </s>",
        "mistral-7b-instruct-v0.1,mistral-v0.1,,</s>"})
    void answersOfPublicTemplatesAreScored(String name, String tokenizerName, String before, String end)
            throws IOException {
        Tokenizer tokenizer = unpacked(tokenizerName);
        Map<String, Object> json = template(name);
        Encoded encoded = new ConversationEncoder(tokenizer, parsed(json), CONTEXT).encode(plain(TURNS), WHERE);
        String space = before == null ? "" : before;
        assertThat(scored(tokenizer, encoded)).containsExactly(space + TURNS.get(1).content() + end,
                space + TURNS.get(3).content() + end);
        assertThat(encoded.documents()).hasSize(1);
        String whole = rendered(json, "three turns");
        String expected = whole.substring(0, whole.indexOf(end, whole.indexOf("cross the road?")) + end.length());
        assertThat(encoded.documents().getFirst().ids()).isEqualTo(tokenizer.encodeWithSpecialTokens(expected));
        assertThat(encoded.answers()).isEqualTo(2);
        assertThat(encoded.splits() + encoded.leftOut()).isZero();
    }

    /** Qwen 3 removes the thinking of earlier answers, so it has a fixed place only if there is one answer. */
    @Test
    void aTemplateThatRewritesAnswersIsRejected() throws IOException {
        Tokenizer tokenizer = unpacked("qwen3");
        ConversationEncoder encoder = new ConversationEncoder(tokenizer, parsed(template("qwen3")), CONTEXT);
        assertThat(scored(tokenizer, encoder.encode(plain(List.of(HI, HELLO)), WHERE)))
                .containsExactly("<think>\n\n</think>\n\nHello!<|im_end|>");
        assertThat(scored(tokenizer, encoder.encode(
                plain(List.of(HI, Message.assistant("Hello!", "Be kind.", List.of()))), WHERE)))
                .containsExactly("<think>\nBe kind.\n</think>\n\nHello!<|im_end|>");
        assertThatThrownBy(() -> encoder.encode(plain(TURNS), WHERE)).isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith(
                        WHERE + ": chat template qwen3: expected the text up to messages[1] to begin that "
                                + "up to the prompt of messages[3], found that they part at character ")
                .hasMessageContaining(": \"<think>\\n\\n</think>\\n\\nHello! ")
                .hasMessageContaining(" and \"Hello! How can I help?<|im_end|>")
                .hasMessageEndingWith("train on conversations of one answer, or with another template");
    }

    @Test
    void callsAndReasoningOfAnswersAreScored() throws IOException {
        Tokenizer tokenizer = unpacked("qwen3");
        ConversationEncoder encoder = new ConversationEncoder(tokenizer, parsed(template("qwen3")), CONTEXT);
        ToolCall call = new ToolCall("1", "get_weather", "{\"city\": \"Bern\"}");
        List<Message> messages = List.of(Message.user("Weather in Bern?"),
                Message.assistant("", "Ask.", List.of(call)), Message.toolResult(call, "{\"temp\": 21}"),
                Message.assistant("21 degrees.", "Say it.", List.of()));
        Encoded encoded = encoder.encode(new Conversation(messages, List.of(WEATHER)), WHERE);
        assertThat(encoded.documents()).hasSize(1);
        assertThat(scored(tokenizer, encoded)).containsExactly(
                "<think>\nAsk.\n</think>\n\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Bern\"}}\n"
                        + "</tool_call><|im_end|>",
                "<think>\nSay it.\n</think>\n\n21 degrees.<|im_end|>");
        assertThat(tokenizer.decode(encoded.documents().getFirst().ids())).contains("# Tools", "<tool_response>");
    }

    /** Many data sets have calls without ids. */
    @Test
    void callsWithoutIdsNeedATemplateWithoutThem() throws IOException {
        String json = """
                {"messages": [{"role": "user", "content": "Weather in Bern?"}, {"role": "assistant", "content": null,
                "tool_calls": [{"type": "function", %s"function": {"name": "get_weather", "arguments": {"city": "Bern"}}}]},
                {"role": "tool", %s"content": "21"}, {"role": "assistant", "content": "21 degrees."}]}""";
        Conversation with = Conversation.parse(
                json.formatted("\"id\": \"abcdefghi\", ", "\"tool_call_id\": \"abcdefghi\", "), WHERE);
        Conversation without = Conversation.parse(json.formatted("", ""), WHERE);
        assertThat(Conversation.parse(json.formatted("\"id\": null, ", ""), WHERE)).isEqualTo(without);
        Tokenizer tokenizer = unpacked("qwen3");
        ConversationEncoder qwen =
                new ConversationEncoder(tokenizer, parsed(template("qwen2.5-instruct")), CONTEXT);
        assertThat(scored(tokenizer, qwen.encode(without, WHERE))).isEqualTo(
                scored(tokenizer, qwen.encode(with, WHERE))).contains(
                        "<tool_call>\n{\"name\": \"get_weather\","
                                + " \"arguments\": {\"city\": \"Bern\"}}\n</tool_call><|im_end|>");

        ConversationEncoder mistral =
                new ConversationEncoder(tokenizer, parsed(template("mistral-7b-instruct-v0.3")), CONTEXT);
        assertThat(mistral.encode(with, WHERE).answers()).isEqualTo(2);
        assertThatThrownBy(() -> mistral.encode(without, WHERE)).isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith(WHERE + ": messages before messages[1]: refused by the chat template: ")
                .hasMessageEndingWith(": if the template needs it, give each of tool_calls an id");
        assertThatThrownBy(() -> Conversation.parse(json.formatted("\"id\": 7, ", ""), WHERE))
                .hasMessage(WHERE + ": messages[1]: tool_calls[0]: id: expected a text, found 7");
    }

    /** Writes a tokenizer of letters in which x and y merge. */
    private Tokenizer merging() throws IOException {
        Map<String, Object> vocabulary = new LinkedHashMap<>();
        ChatModels.LETTERS.chars()
                .forEach(letter -> vocabulary.put(Character.toString(letter), (long) vocabulary.size()));
        Map<String, Object> json = new LinkedHashMap<>();
        vocabulary.put("xy", (long) vocabulary.size());
        json.put("added_tokens", ChatModels.marks(vocabulary.size()));
        json.put("pre_tokenizer", Map.of("type", "ByteLevel", "add_prefix_space", false, "use_regex", true));
        json.put("decoder", Map.of("type", "ByteLevel"));
        json.put("model", Map.of("type", "BPE", "vocab", vocabulary, "merges", List.of("x y")));
        Files.writeString(folder.resolve("tokenizer.json"), Json.write(json));
        return Tokenizer.load(folder);
    }

    private static final String NO_BORDER = "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}x"
            + "{% else %}{{ m.content }}<|im_end|>{% endif %}{% endfor %}";

    /**
     * An answer's own ids follow the prompt's, even if a token of the whole text reaches across the border. A later
     * prompt has that token, so its answer has a document of its own.
     */
    @Test
    void idsAreThoseOfUseWhereTokensReachAcrossTheBorder() throws IOException {
        Tokenizer tokenizer = merging();
        List<Message> messages = List.of(Message.user("a"), Message.assistant("yb"), Message.user("c"),
                Message.assistant("d"));
        int[] merged = tokenizer.encode("xy");
        assertThat(merged).hasSize(1);
        Encoded encoded = encoder(tokenizer, NO_BORDER, CONTEXT).encode(plain(messages), WHERE);

        assertThat(encoded.documents()).hasSize(2);
        int[] end = tokenizer.encodeWithSpecialTokens("<|im_end|>");
        assertThat(encoded.documents().get(0).ids())
                .isEqualTo(ids(tokenizer.encode("ax"), tokenizer.encode("yb"), end));
        assertThat(encoded.documents().get(0).scored()).containsExactly(false, false, true, true, true);
        assertThat(encoded.documents().get(1).ids()).isEqualTo(
                ids(tokenizer.encode("a"), merged, tokenizer.encode("b"), end, tokenizer.encode("cx"),
                        tokenizer.encode("d"), end));
        assertThat(encoded.documents().get(1).scored())
                .containsExactly(false, false, false, false, false, false, true, true);
        assertThat(encoded.answers()).isEqualTo(2);
        assertThat(encoded.tokens()).isEqualTo(5);
    }

    private static int[] ids(int[]... parts) {
        return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
    }

    /** The ids before each answer are the ids that a session of the chat has read when it answers. */
    @Test
    void promptsAreThoseOfASession() throws IOException {
        for (String template : List.of(ChatModels.CHATML, NO_BORDER)) {
            Tokenizer tokenizer = merging();
            try (Model model = ChatModels.golden("golden/T6_even", folder);
                    ChatSession session = Chat.of(model, ChatModels.template(template)).newSession()) {
                List<Message> messages = new ArrayList<>();
                ChatOptions options = ChatOptions.of(GenerationOptions.defaults().withMaxTokens(3)
                        .withSampling(SamplingOptions.greedy()));
                for (String text : List.of("a", "c", "yes")) {
                    messages.add(Message.user(text));
                    Answer answer = session.send(text, options, AnswerListener.none());
                    int prompt = answer.cached() + answer.generation().promptTokens();
                    int[] read = Arrays.copyOf(session.session().ids(), prompt);
                    messages.add(Message.assistant("yb"));
                    session.replace(messages);
                    Document last = encoder(tokenizer, template, CONTEXT).encode(plain(messages), WHERE)
                            .documents().getLast();
                    int answered = last.ids().length;
                    while (last.scored()[answered - 1]) {
                        answered--;
                    }
                    assertThat(Arrays.copyOf(last.ids(), answered)).isEqualTo(read);
                }
            }
        }
    }

    @Test
    void longConversationsAreSplitBeforeAMessageOfTheUser() throws IOException {
        Tokenizer tokenizer = Tokenizer.load(ChatModels.tokenizer(folder).getParent());
        List<Message> messages = new ArrayList<>(List.of(Message.system("be brief")));
        for (int turn = 0; turn < 5; turn++) {
            messages.add(Message.user("what is " + turn));
            messages.add(Message.assistant(turn == 3 ? "long ".repeat(40) : "it is " + turn));
        }
        ConversationEncoder whole = encoder(tokenizer, ChatModels.CHATML, CONTEXT);
        Encoded encoded = encoder(tokenizer, ChatModels.CHATML, 100).encode(plain(messages), WHERE);

        assertThat(encoded.answers()).isEqualTo(4);
        assertThat(encoded.leftOut()).isEqualTo(1);
        assertThat(encoded.splits()).isEqualTo(3);
        List<List<Message>> parts = List.of(messages.subList(1, 5), messages.subList(5, 7), messages.subList(9, 11));
        assertThat(encoded.documents()).hasSameSizeAs(parts).allMatch(document -> document.ids().length <= 101);
        for (int i = 0; i < parts.size(); i++) {
            List<Message> part = new ArrayList<>(messages.subList(0, 1));
            part.addAll(parts.get(i));
            Document alone = whole.encode(plain(part), WHERE).documents().getFirst();
            assertThat(encoded.documents().get(i).ids()).isEqualTo(alone.ids());
            assertThat(encoded.documents().get(i).scored()).isEqualTo(alone.scored());
        }
        assertThat(whole.lengthOfLastAnswer(plain(messages), WHERE)).isEqualTo("it is 4".length() + 1);
    }

    @Test
    void messagesThatATemplateRefusesOrLeavesOutAreRefused() throws IOException {
        Tokenizer tokenizer = Tokenizer.load(ChatModels.tokenizer(folder).getParent());
        List<Message> system = List.of(Message.system("be brief"), HI, HELLO);
        assertThatThrownBy(() -> encoder(tokenizer, ChatModels.WITHOUT_SYSTEM, CONTEXT).encode(plain(system), WHERE))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith(
                        WHERE + ": messages before messages[2]: refused by the chat template: own.jinja:")
                .hasMessageContaining("no system role");
        String users =
                "{% for m in messages %}{% if m.role != 'ROLE' %}{{ m.role }}:{{ m.content }}<|im_end|>{% endif %}"
                        + "{% endfor %}";
        assertThatThrownBy(() -> encoder(tokenizer, users.replace("ROLE", "system"), CONTEXT)
                .encode(plain(system), WHERE))
                .hasMessage(WHERE + ": messages[0]: expected a chat template that renders a system message, found that"
                        + " own.jinja leaves it out: give another template, or conversations without it");
        assertThatThrownBy(() -> encoder(tokenizer, users.replace("ROLE", "assistant"), CONTEXT)
                .encode(plain(List.of(HI, HELLO)), WHERE))
                .hasMessageContaining("messages[1]: expected a chat template that renders an assistant's message");
        String templateOfChat = "{% for m in messages %}{{ m.role }}:{{ m.content }}<|im_end|>{% endfor %}"
                + "{% if add_generation_prompt %}bot:{% endif %}";
        assertThatThrownBy(() -> encoder(tokenizer, templateOfChat, CONTEXT).encode(plain(List.of(HI, HELLO)), WHERE))
                .hasMessageStartingWith(WHERE + ": chat template own.jinja: expected the text up to the prompt of "
                        + "messages[1] to begin that up to messages[1], found that they part at character 17: \"bot:\" "
                        + "and \"assistant:Hello!<|im_end|>\"");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{\"messages\":                                          | talk.jsonl, line 7",
        "[]                                                      | talk.jsonl, line 7",
        "{\"message\": []}                                       | messages: expected an array of messages, found no such key",
        "{\"messages\": 3}                                       | messages: expected an array of messages, found 3",
        "{\"messages\": []}                                      | messages: expected at least one with the role assistant, found none among 0",
        "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]} | messages: expected at least one with the role assistant, found none among 1",
        "{\"messages\": [{\"role\": \"human\", \"content\": \"a\"}]} | messages[0]: role: expected system, user, assistant, tool, found \"human\"",
        "{\"messages\": [{\"role\": \"user\"}]}                  | messages[0]: content: expected a text, found null",
        "{\"messages\": [{\"role\": \"assistant\", \"content\": \"a\"}], \"tools\": [3]} | tools[0]: expected",
        "{\"messages\": [{\"role\": \"assistant\", \"content\": \"a\"}], \"tools\": [{\"name\": 3}]} | tools[0]: tool: name: expected a text, found 3"})
    void malformedConversationsAreRefused(String json, String message) {
        assertThatThrownBy(() -> Conversation.parse(json, WHERE)).isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith(WHERE).hasMessageContaining(message);
    }

    @Test
    void conversationsAreParsed() {
        Conversation parsed = Conversation.parse("""
                {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"},
                {"role": "user", "content": "Bye"}], "tools": [{"type": "function", "function":
                {"name": "get_weather", "description": "Weather of a city", "parameters": {"type": "object"}}}]}""",
                WHERE);
        assertThat(parsed.messages()).containsExactly(HI, HELLO, Message.user("Bye"));
        assertThat(parsed.tools()).containsExactly(WEATHER);
        assertThat(parsed.lastAnswer()).isEqualTo(1);
    }
}
