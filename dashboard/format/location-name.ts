import { LOCATIONS, type LocationId } from '#domain/check/location.ts';

const names = new Map<LocationId, string>(LOCATIONS.map(({ id, name }) => [id, name]));

/** The usual name of a location: Virginia, Frankfurt, … */
export function locationName(id: LocationId): string {
  return names.get(id) ?? id;
}
