package io.github.t6j.mini.data;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.chat.template.ChatTemplate;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Checks that conversations as text equal what the chat template renders. */
class ChatTextTest {
    private static ChatTemplate template() throws IOException {
        try (var in = Generate.class.getResourceAsStream("chat_template.jinja")) {
            return ChatTemplate.parse("chat_template.jinja", new String(in.readAllBytes(), StandardCharsets.UTF_8),
                    Map.of());
        }
    }

    @Test
    void theTextIsThatOfTheTemplate() throws IOException {
        Conversations conversations = new Conversations(new Topics(), new Random(1));
        for (int i = 0; i < 500; i++) {
            List<Turn> turns = conversations.next();
            assertThat(template().render(Turn.json(turns), false, Map.of())).isEqualTo(ChatText.of(turns) + "\n");
        }
    }

    @Test
    void aPromptIsTheBeginningOfTheText() throws IOException {
        List<Turn> turns = List.of(Turn.system("Be kind."), Turn.user("Hi."), Turn.assistant("Hello!"));
        String text = ChatText.of(turns);
        assertThat(text).isEqualTo("System:\nBe kind.\n\nUser:\nHi.\nBot:\nHello!<|endoftext|>");
        assertThat(template().render(Turn.json(turns.subList(0, 2)), true, Map.of()))
                .isEqualTo(text.substring(0, text.indexOf("Hello!")));
    }
}
