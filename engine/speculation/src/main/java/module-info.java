/** Drafts of the next ids of a generation, for several tokens in a pass. Depends only on the engine. */
module io.github.t6j.speculation {
    requires transitive io.github.t6j.engine;

    exports io.github.t6j.speculation;
}
