/** Conversations with a model: chat templates, prompt formats, messages. Depends on the engine alone. */
module io.github.t6j.chat {
    requires transitive io.github.t6j.engine;

    exports io.github.t6j.chat;
    exports io.github.t6j.chat.template;
}
