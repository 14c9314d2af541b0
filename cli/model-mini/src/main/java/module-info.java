/** Small T6 model in a jar. */
module io.github.t6j.mini {
    requires transitive io.github.t6j.engine;

    exports io.github.t6j.mini;
}
