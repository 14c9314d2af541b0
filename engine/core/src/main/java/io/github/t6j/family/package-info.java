/**
 * Determines which model a folder contains. A family is one class ({@link io.github.t6j.family.Family}). It recognises
 * its folders by tensor names, converts config.json to a {@link io.github.t6j.model.ModelConfig}, and has the only list
 * of its tensors' names, shapes and roles, which loading, {@code init}, {@code convert}, benchmarks and tests use.
 * {@code family.registry} lists all families. The package may use {@code sampling}, {@code model} and all packages
 * below it.
 */
package io.github.t6j.family;
