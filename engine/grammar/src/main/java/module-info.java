/** Text of a given form: grammars from JSON Schema, GBNF and regular expressions. Depends only on the engine. */
module io.github.t6j.grammar {
    requires transitive io.github.t6j.engine;

    exports io.github.t6j.grammar;
}
