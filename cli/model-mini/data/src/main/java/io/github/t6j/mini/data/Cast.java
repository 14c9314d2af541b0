package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Persons, places and things of one story, as slots of its forms. They stay the same in the whole story. */
final class Cast {
    private static final List<String> ELDERS =
            List.of("mother", "father", "grandmother", "grandfather", "aunt", "uncle");
    private static final List<Map<String, String>> CREATURES = Lines.table("tables/creatures.txt");
    private static final List<Map<String, String>> PLACES = Lines.table("tables/places.txt");
    private static final List<Map<String, String>> WEATHER = Lines.table("tables/weather.txt");
    private static final List<Map<String, String>> THINGS = Lines.table("tables/things.txt");
    private static final List<Map<String, String>> STRANGERS = Lines.table("tables/strangers.txt");
    private static final List<Map<String, String>> PETS = Lines.table("tables/pets.txt").stream()
            .filter(row -> List.of("dog", "cat", "rabbit").contains(row.get("pet"))).toList();
    private static final List<String> VILLAGES = Lines.of("tables/villages.txt");
    private static final List<String> FRAGILE = Lines.of("tables/fragiles.txt");
    private static final List<String> ERRANDS = Lines.table("tables/errands.txt").stream().map(row -> row.get("one"))
            .toList();
    private static final List<List<Map<String, String>>> TABLES =
            List.of("rescues", "skills", "noises", "plants", "cakes", "builds").stream()
                    .map(table -> Lines.table("tables/" + table + ".txt")).toList();
    private static final int ANIMALS_IN_TEN = 3;

    private final RandomGenerator random;
    private final Map<String, String> slots = new HashMap<>();
    private final Person hero;

    Cast(Plot plot, Person hero, RandomGenerator random) {
        this.random = random;
        this.hero = hero;
        persons(plot);
        boolean animal = !plot.childOnly() && random.nextInt(10) < ANIMALS_IN_TEN;
        kinds(animal);
        scene(plot);
        things();
        TABLES.forEach(table -> row(Topic.pick(table, random)));
    }

    Person hero() {
        return hero;
    }

    /** Returns the value of a slot: of the cast, or a form that all plots share, or null. */
    String value(String slot) {
        return slot.startsWith("+")
                ? Topic.pick(Plot.shared(slot.substring(1)), random).fill(this::value, random)
                : slots.get(slot);
    }

    private void put(String slot, String value) {
        slots.put(slot, value);
    }

    private void persons(Plot plot) {
        put("hero", hero.name());
        hero.addTo(slots, "");
        String relation = Topic.pick(plot.relations(), random);
        Person friend = Person.any(random);
        while (friend.name().equals(hero.name()) || relation.equals("brother") && !friend.isMale()
                || relation.equals("sister") && friend.isMale()) {
            friend = Person.any(random);
        }
        put("friend", friend.name());
        friend.addTo(slots, "f");
        put("relation", relation);
        put("fkind", friend.isMale() ? "boy" : "girl");
        String elder = Topic.pick(ELDERS, random);
        put("elder", elder);
        new Person(elder, elder.endsWith("father") || elder.equals("uncle")).addTo(slots, "e");
    }

    private void kinds(boolean animal) {
        Map<String, String> creature = Topic.pick(CREATURES, random);
        put("kind", animal ? creature.get("kind") : hero.isMale() ? "boy" : "girl");
        put("kind plural", animal ? "animals" : "children");
        put("lives", animal ? creature.get("lives") : Topic.pick(VILLAGES, random));
        put("hand", animal ? "paw" : "hand");
        put("hands", animal ? "paws" : "hands");
        put("stranger", Topic.pick(STRANGERS, random).get(animal ? "animal" : "child"));
    }

    private void scene(Plot plot) {
        Map<String, String> weather = Topic.pick(WEATHER, random);
        while (!plot.mayBeSnow() && weather.get("weather").equals("snow")) {
            weather = Topic.pick(WEATHER, random);
        }
        row(weather);
        Map<String, String> place = Topic.pick(PLACES, random);
        while (weather.get("weather").equals(place.get("bad"))) {
            place = Topic.pick(PLACES, random);
        }
        row(place);
        put("spot", Topic.pick(List.of(place.get("spots").split(";")), random));
    }

    private void things() {
        Map<String, String> thing = Topic.pick(THINGS, random);
        put("noun", thing.get("noun"));
        put("thing", Topic.pick(List.of(thing.get("adjectives").split(";")), random) + " " + thing.get("noun"));
        put("fragile", Topic.pick(FRAGILE, random));
        Map<String, String> pet = Topic.pick(PETS, random);
        put("pet", pet.get("pet"));
        put("pet name", pet.get("value"));
        List<String> errands = new ArrayList<>(ERRANDS);
        Collections.shuffle(errands, random);
        put("one", errands.get(0));
        put("two", errands.get(1));
        put("three", errands.get(2));
    }

    private void row(Map<String, String> cells) {
        cells.forEach((slot, cell) -> put(slot, Form.of(cell).fill(this::value, random)));
    }
}
