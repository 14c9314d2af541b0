package io.github.t6j.mini.data;

import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Person of a story. */
record Person(String name, boolean isMale) {
    private static final List<Person> ALL = Lines.table("tables/names.txt").stream()
            .map(row -> new Person(row.get("name"), row.get("sex").equals("m"))).toList();

    static List<Person> all() {
        return ALL;
    }

    static Person any(RandomGenerator random) {
        return Topic.pick(ALL, random);
    }

    /** Adds the pronouns, with a prefix before each name of a slot. */
    void addTo(Map<String, String> slots, String prefix) {
        slots.put(prefix + "he", isMale ? "he" : "she");
        slots.put(prefix + "him", isMale ? "him" : "her");
        slots.put(prefix + "his", isMale ? "his" : "her");
        slots.put(prefix + "himself", isMale ? "himself" : "herself");
    }
}
