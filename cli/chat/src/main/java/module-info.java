/** Conversations with a model: chat templates, prompt formats, messages. Depends on the engine, its grammars and
 * its scheduler. */
module io.github.t6j.chat {
    requires transitive io.github.t6j.engine;
    requires transitive io.github.t6j.grammar;
    requires transitive io.github.t6j.schedule;

    exports io.github.t6j.chat;
    exports io.github.t6j.chat.template;
}
