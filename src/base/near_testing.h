/* For tests of numbers. */
#ifndef TENDERO_BASE_NEAR_TESTING_H
#define TENDERO_BASE_NEAR_TESTING_H

/* Fails where they are further apart, or where one is no number. */
void near(double is, double want, double by);

#endif
