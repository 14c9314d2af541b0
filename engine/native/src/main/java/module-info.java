/** Optional products with quantised weights in C, with the same bits as the engine's. */
module io.github.t6j.nativekernels {
    requires transitive io.github.t6j.engine;

    exports io.github.t6j.nativekernels;
}
