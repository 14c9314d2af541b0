/** Conversations with a model: chat templates, prompt formats, messages. Needs the engine, grammars and scheduler. */
@SuppressWarnings("module") // the command line, to which it exports, is built after it
module io.github.t6j.chat {
    requires transitive io.github.t6j.engine;
    requires transitive io.github.t6j.grammar;
    requires transitive io.github.t6j.schedule;

    exports io.github.t6j.chat;
    exports io.github.t6j.chat.internal to io.github.t6j.cli; // parses streamed answers, and files of conversations
    exports io.github.t6j.chat.rerank;
    exports io.github.t6j.chat.template;
}
