package io.github.t6j.chat;

import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.SessionOptions;
import io.github.t6j.chat.template.ChatTemplate;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** A null argument throws a NullPointerException with its name. */
class NullArgumentsTest {
    private static void refuses(String name, ThrowingCallable call) {
        assertThatNullPointerException().isThrownBy(call).withMessage(name);
    }

    @Test
    void nullsAreRejectedWithTheirNames() {
        Path folder = Path.of(System.getProperty("t6j.testdata")).resolve("models/t6-tiny");
        List<Message> asked = List.of(Message.user("What?"));
        try (Model model = Model.load(folder); ChatSession session = Chat.of(model).newSession()) {
            Chat chat = Chat.of(model);
            ChatOptions options = chat.options();
            AnswerListener nobody = AnswerListener.none();
            refuses("model", () -> Chat.of(null));
            refuses("client", () -> chat.withClient(null));
            refuses("model", () -> Chat.of(null, Optional.empty()));
            refuses("template", () -> Chat.of(model, null));
            refuses("scheduler", () -> chat.withScheduler(null));
            refuses("options", () -> chat.newSession(null));
            refuses("file", () -> chat.load(null, SessionOptions.defaults()));
            refuses("options", () -> chat.load(folder, null));
            refuses("messages", () -> chat.answer(null));
            refuses("options", () -> chat.answer(asked, null, nobody));
            refuses("listener", () -> chat.answer(asked, options, null));
            refuses("replacement", () -> session.replace(null));
            refuses("content", () -> session.send(null));
            refuses("added", () -> session.send((List<Message>) null, options, nobody));
            refuses("options", () -> session.send("What?", null, nobody));
            refuses("listener", () -> session.send("What?", options, null));
            refuses("options", () -> session.regenerate(null, nobody));
            refuses("listener", () -> session.regenerate(options, null));
            refuses("file", () -> session.save(null));
            refuses("file", () -> session.load(null));
            refuses("generation", () -> ChatOptions.of(null));
            refuses("change", () -> options.withGeneration((UnaryOperator<GenerationOptions>) null));
            refuses("tools", () -> options.withTools((List<Tool>) null));
            refuses("tools", () -> options.withTools((Tool[]) null));
            refuses("overflow", () -> options.withOverflow(null));
            refuses("toolCalls", () -> Message.assistant("", "", null));
            refuses("call", () -> Message.toolResult(null, ""));
            refuses("schema", () -> Tool.of("a", "b", null));
            refuses("json", () -> Tool.parse(null));
            refuses("tokenizer", () -> new PromptFormat(null, Optional.empty()));
            refuses("template", () -> new PromptFormat(model.tokenizer(), null));
            refuses("messages", () -> chat.format().render(null, options));
            refuses("options", () -> chat.format().prompt(asked, null));
            refuses("messages", () -> chat.format().renderBegun(null, options));
            refuses("rendered", () -> chat.format().answer(null, asked, options, ""));
            refuses("messages", () -> chat.format().answer("", null, options, ""));
            refuses("options", () -> chat.format().answer("", asked, null, ""));
            refuses("text", () -> chat.format().answer("", asked, options, null));
            refuses("model", () -> ChatTemplate.of(null));
            refuses("model", () -> ChatTemplate.of(null, List.of()));
            refuses("adapters", () -> ChatTemplate.of(folder, null));
            refuses("template", () -> ChatTemplate.parse("a", null, Map.of()));
            ChatTemplate template = ChatTemplate.parse("a", "", Map.of());
            refuses("file", () -> ChatTemplate.read(null, folder));
            refuses("model", () -> ChatTemplate.read(folder, null));
            refuses("fixed", () -> template.at(null));
            Conversation conversation = new Conversation(List.of(Message.assistant("a")), List.of());
            ConversationEncoder encoder = new ConversationEncoder(model.tokenizer(), template, 9);
            refuses("tokenizer", () -> new ConversationEncoder(null, template, 9));
            refuses("template", () -> new ConversationEncoder(model.tokenizer(), null, 9));
            refuses("conversation", () -> encoder.encode(null, ""));
            refuses("where", () -> encoder.encode(conversation, null));
            refuses("conversation", () -> encoder.lengthOfLastAnswer(null, ""));
            refuses("where", () -> encoder.lengthOfLastAnswer(conversation, null));
            refuses("messages", () -> new Conversation(null, List.of()));
            refuses("tools", () -> new Conversation(List.of(), null));
            refuses("json", () -> Conversation.parse(null, ""));
            refuses("where", () -> Conversation.parse("{}", null));
        }
    }
}
