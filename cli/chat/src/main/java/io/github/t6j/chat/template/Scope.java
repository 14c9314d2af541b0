package io.github.t6j.chat.template;

import java.util.HashMap;
import java.util.Map;

/**
 * Variables by name. Names that are not found here are looked up in the surrounding scope; {@code set} sets variables
 * here.
 */
final class Scope {
    private final Scope around;
    private final Map<String, Value> variables = new HashMap<>();

    /** @param around surrounding scope, or null for the outermost */
    Scope(Scope around) {
        this.around = around;
    }

    Value get(String name) {
        for (Scope scope = this; scope != null; scope = scope.around) {
            Value value = scope.variables.get(name);
            if (value != null) {
                return value;
            }
        }
        return new Value.Undefined("'" + name + "'");
    }

    void set(String name, Value value) {
        variables.put(name, value);
    }
}
