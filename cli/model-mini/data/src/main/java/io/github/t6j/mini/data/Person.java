package io.github.t6j.mini.data;

import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/** Person of a story. */
record Person(String name, boolean isMale) {
    private static final List<Person> ALL = Lines.table("tables/names.txt").stream()
            .map(row -> new Person(row.get("name"), row.get("sex").equals("m"))).toList();
    private static final int OF_A_SEX = 20;
    private static final List<Person> HEROES = usual(0);
    private static final List<Person> FRIENDS = usual(OF_A_SEX);
    private static final double KNOWN = 0.5;

    private static List<Person> usual(int from) {
        return Stream.of(true, false).flatMap(
                male -> ALL.stream().filter(person -> person.isMale() == male).skip(from).limit(OF_A_SEX)).toList();
    }

    static List<Person> all() {
        return ALL;
    }

    /** Returns a person with a name of the table, or with a made-up one. */
    static Person any(RandomGenerator random) {
        return random.nextDouble() < KNOWN
                ? Topic.pick(ALL, random)
                : new Person(Names.madeUp(random), random.nextBoolean());
    }

    /** Returns a person with one of the first names of the table: few enough for a model to choose one itself. */
    static Person hero(RandomGenerator random) {
        return Topic.pick(HEROES, random);
    }

    /** Returns a person with one of the next names, none of which {@link #hero} returns: a model cannot take one for both. */
    static Person friend(RandomGenerator random) {
        return Topic.pick(FRIENDS, random);
    }

    /** Adds the pronouns, with a prefix before each name of a slot. */
    void addTo(Map<String, String> slots, String prefix) {
        slots.put(prefix + "he", isMale ? "he" : "she");
        slots.put(prefix + "him", isMale ? "him" : "her");
        slots.put(prefix + "his", isMale ? "his" : "her");
        slots.put(prefix + "himself", isMale ? "himself" : "herself");
    }
}
