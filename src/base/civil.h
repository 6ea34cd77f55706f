/* The calendar: days since 1970-01-01 and year, month, day; proleptic Gregorian, any year of 32 bits.
 *
 * Source  Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years begin in March, so that the leap day is
 *         the last of its year; 146,097 days make 400 years.
 */
#ifndef TENDERO_BASE_CIVIL_H
#define TENDERO_BASE_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

int64_t civil_days(int64_t year, int month, int day);
void civil_of_days(int64_t days, int64_t *year, int *month, int *day);
int civil_month_days(int64_t year, int month);  // 28 to 31
int64_t floor_div(int64_t a, int64_t b);        // towards minus infinity; b > 0

#endif
